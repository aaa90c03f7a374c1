// Budgets of tokens through the whole stack: from the settings to the words that a client shows.
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
  // More than one request of Codex takes, and less than two.
  const limits = { MAX_TOKENS_PER_TURN: "1000", MAX_TOKENS_PER_DAY: "40000" };
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url, ...limits } });
  const [kind] = CLIENTS;
  if (kind === undefined) throw new Error("there is no client");
  client = await kind.connect(server);
});

afterAll(async () => {
  await client?.close();
  await server?.stop();
  await model?.close();
});

it("one turn meets its own budget, the next ones the day's, and all of it is told", async () => {
  const { limits } = (await client.call("health_check", {})).structuredContent;
  expect(limits).toMatchObject({ max_tokens_per_turn: 1_000, max_tokens_per_day: 40_000 });
  const message = script({ run: "echo one" }, { answer: {} });
  expect(await chat("one", message)).toMatchObject({ status: "failed", error: error("MAX_TOKENS_PER_TURN") });
  expect(await dayOf("one")).toMatchObject({ limit: 40_000, remaining: expect.any(Number) });
  for (let turns = 0; (await dayOf("one")).remaining > 0; turns++) {
    expect(turns).toBeLessThan(10);
    expect(await chat("one", script({ answer: {} }))).toMatchObject({ status: "completed" });
  }
  const asked = model.requests.length;
  // Its container is up, and the model gateway refuses; the other agent has none, and gets none.
  expect(await chat("one", script({ answer: {} }))).toMatchObject({
    status: "failed",
    error: error("MAX_TOKENS_PER_DAY"),
  });
  expect(await chat("two", script({ answer: {} }))).toMatchObject({
    turn_id: null,
    error: error("MAX_TOKENS_PER_DAY"),
  });
  expect(model.requests).toHaveLength(asked);
});

function error(setting: string) {
  return { code: "budget_exceeded", message: expect.stringContaining(setting), retryable: false };
}

async function chat(agent_id: string, message: string) {
  return (await client.call("chat", { agent_id, message })).structuredContent;
}

async function dayOf(agent_id: string) {
  const { token_budget } = (await client.call("get_agent_status", { agent_id })).structuredContent;
  return (token_budget as { day: { limit: number; remaining: number } }).day; // see src/tools/budget-info.ts
}
