// The official clients against the real server, over all transports: results, progress, cancelling, leaving.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { CLIENTS, type McpClient } from "../support/mcp-clients.ts";

let model: FakeModel;
let server: DevServer;

beforeAll(async () => {
  model = await startFakeModel();
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url } });
});

afterAll(async () => {
  await server?.stop();
  await model?.close();
});

describe.each(CLIENTS)("$client", ({ client: name, cancels, connect }) => {
  const agent_id = `agent-${name.replace(/\W+/g, "-")}`;

  it("gets a result that fits the listed output schema, a failure too", async () => {
    const client = await connect(server);
    const message = `Hello. ${script({ answer: { response: "Here." } })}`;
    const answer = await client.call("chat", { agent_id, message });
    expect(answer.structuredContent).toMatchObject({ status: "completed", result: { response: "Here." } });
    const failure = await client.call("get_turn", { agent_id, turn_id: "turn_0" });
    expect(failure).toMatchObject({ isError: true, structuredContent: { error: { code: "not_found" } } });
    await client.close();
  });

  it("hears of progress while the tool is at work", async () => {
    const client = await connect(server);
    const work = await startWork(client, { agent_id, run: "sleep 1; echo rested", request_id: "progress" });
    const heardAt = Date.now();
    expect((await work.answer)?.structuredContent.status).toBe("completed");
    expect(Date.now() - heardAt).toBeGreaterThan(700);
    await client.close();
  });

  it(cancels ? "ends the turn by a cancel" : "leaves the turn to go on when it cancels", async () => {
    const client = await connect(server);
    const run = cancels ? "sleep 30" : "sleep 2";
    const work = await startWork(client, { agent_id, run, request_id: "cancelled" });
    work.cancel();
    await expect(work.answer).rejects.toThrow();
    // Over a session the same connection goes on: a cancel is a message among others. At 2026-07-28 it is a closed stream, which
    // is how a lost connection looks as well.
    await expect.poll(() => work.state(client), { timeout: 20_000 }).toBe(cancels ? "cancelled" : "completed");
    await client.close();
  });

  it("leaves the turn to go on when it is gone", async () => {
    const client = await connect(server);
    const work = await startWork(client, { agent_id, run: "sleep 2", request_id: "gone" });
    work.answer.catch(() => {});
    await client.close();
    const another = await connect(server);
    await expect.poll(() => work.state(another), { timeout: 20_000 }).toBe("completed");
    await another.close();
  });
});

interface Work {
  agent_id: string;
  run: string;
  request_id: string;
}

/** Resolves when the command is running. */
async function startWork(client: McpClient, { agent_id, run, request_id }: Work) {
  const aborting = new AbortController();
  const running = Promise.withResolvers<void>();
  const message = `Work. ${script({ run }, { answer: {} })}`;
  const parameters = { agent_id, message, request_id };
  const answer = client.call("chat", parameters, {
    signal: aborting.signal,
    onProgress: (line) => line.includes(run) && running.resolve(),
  });
  await Promise.race([running.promise, answer, sleep(20_000)]);
  return {
    answer,
    cancel: () => aborting.abort(),
    /** The same request_id finds the same turn. */
    state: async (by: McpClient) =>
      (await by.call("chat", { ...parameters, wait_seconds: 0 })).structuredContent.status,
  };
}
