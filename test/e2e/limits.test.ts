// More agents than may be at work at once: idle ones make room, and what finds none is refused before anything starts.
import { afterAll, beforeAll, expect, it } from "vitest";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { CLIENTS, type McpClient } from "../support/mcp-clients.ts";

let model: FakeModel;
let server: DevServer;
let client: McpClient;

beforeAll(async () => {
  model = await startFakeModel();
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url, MAX_CONCURRENT_SESSIONS: "2" } });
  const [kind] = CLIENTS;
  if (kind === undefined) throw new Error("there is no client");
  client = await kind.connect(server);
});

afterAll(async () => {
  await client?.close();
  await server?.stop();
  await model?.close();
});

it("three agents take turns with two containers, and none forgets anything", async () => {
  for (const agent_id of ["one", "two", "three", "one", "two", "three"]) {
    expect(await chat(agent_id, `I am ${agent_id}. ${script({ answer: {} })}`)).toMatchObject({ status: "completed" });
  }
  const active = await client.call("list_active_agents", {});
  expect(active.structuredContent.total).toBeLessThanOrEqual(2);
  const asked = model.requests.filter((request) => JSON.stringify(request).includes("I am two."));
  expect(asked.length).toBeGreaterThanOrEqual(2);
});

it("a call that finds no room is refused as busy, starts nothing, and gets its turn later", async () => {
  const working = ["one", "two"].map((agent_id) => startWork(agent_id));
  await Promise.all(working.map(({ isRunning }) => isRunning));
  const refused = await chat("four", script({ answer: {} }));
  expect(refused).toMatchObject({
    status: "failed",
    turn_id: null,
    error: {
      code: "busy",
      retryable: true,
      message: expect.stringContaining("MAX_CONCURRENT_SESSIONS: 2"),
    },
  });
  for (const answer of await Promise.all(working.map(({ ended }) => ended)))
    expect(answer).toMatchObject({ status: "completed" });
  expect(await chat("four", script({ answer: {} }))).toMatchObject({ status: "completed" });
});

async function chat(agent_id: string, message: string) {
  return (await client.call("chat", { agent_id, message })).structuredContent;
}

/** Its command runs when `isRunning` resolves. */
function startWork(agent_id: string) {
  const { promise: isRunning, resolve } = Promise.withResolvers<void>();
  const parameters = { agent_id, message: script({ run: "sleep 3" }, { answer: {} }) };
  const onProgress = (line: string): void => {
    if (line.includes("sleep 3")) resolve();
  };
  const ended = client.call("chat", parameters, { onProgress }).then(({ structuredContent }) => structuredContent);
  return { isRunning, ended };
}
