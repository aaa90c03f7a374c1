import { getEventListeners } from "node:events";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { CodexTurn } from "../../../../../container/runner/codex/codex-turn.ts";
import { RpcConnection } from "../../../../../container/runner/codex/rpc.ts";

const peer = { onNotification: () => {}, onRequest: async () => ({}) };

function connect() {
  const gone = new AbortController();
  const output = new PassThrough();
  const input = new PassThrough().resume();
  const rpc = new RpcConnection(output, input, peer);
  return { gone, output, connection: { rpc, generation: 1, ended: gone.signal } };
}

const turnOn = ({ connection }: ReturnType<typeof connect>) =>
  new CodexTurn({ connection, threadId: "thread", workspace: "/w", emit: () => {} });

it("a turn that is over leaves nothing on the process that lives on", async () => {
  const codex = connect();
  const turn = turnOn(codex);
  expect(getEventListeners(codex.connection.ended, "abort")).toHaveLength(1);
  const outcome = turn.run({ input: [] });
  const completed = { threadId: "thread", turn: { id: "t1", status: "completed", error: null } };
  codex.output.write(`${JSON.stringify({ id: 1, result: { turn: { id: "t1" } } })}\n`);
  // The connection hands notifications to its peer; here the test passes them on.
  turn.onNotification("turn/completed", completed);
  expect(await outcome).toMatchObject({ status: "completed" });
  expect(getEventListeners(codex.connection.ended, "abort")).toEqual([]);
});

it("a turn is lost with its process, also where the process is gone before the turn", async () => {
  const codex = connect();
  const lost = turnOn(codex).run({ input: [] });
  codex.connection.rpc.close();
  codex.gone.abort();
  expect(await lost).toMatchObject({ status: "lost", error: { code: "codex_died" } });
  expect(await turnOn(codex).run({ input: [] })).toMatchObject({ status: "lost" });
});
