// What the model gateway counts of an answer that passes through it, and how it says that a budget is spent.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { Played } from "../support/worker-upstreams.ts";
import { connected, deploy, directory, newAccount } from "./support/accounts.ts";
import { inStore, turn } from "./support/agents.ts";
import { askModel, type KnownAgent, knownAgent } from "./support/gateway.ts";
import { upstream } from "./support/lab.ts";

const DELTA = `data: ${JSON.stringify({ type: "response.output_text.delta", delta: "x".repeat(40) })}\n\n`;
const usage = (total_tokens: number): string =>
  `event: response.completed\ndata: ${JSON.stringify({ type: "response.completed", response: { usage: { total_tokens } } })}\n\n`;

/** The gateway's answer, with the size of what it was asked. */
async function ask(agent: KnownAgent, played: Partial<Played> | "headers" | number, init: RequestInit = {}) {
  const isPlayed = typeof played === "object";
  const body = JSON.stringify(isPlayed ? { chunks: [], end: "close", ...played } : {});
  const api = upstream(isPlayed ? "played" : String(played));
  const settings = { OPENAI_BASE_URL: api.baseUrl };
  const headers = { "content-length": String(body.length) };
  const response = await askModel({ token: agent.token, settings, init: { headers, body, ...init } });
  return { api, response, estimate: Math.ceil(body.length / 4) };
}

const usedToday = async ({ userId }: KnownAgent): Promise<number> => (await directory(userId).tokensUsed(null)).day;
const becomes = (agent: KnownAgent, tokens: number) =>
  expect.poll(() => usedToday(agent), { timeout: 5_000 }).toBe(tokens);

it("counts what the answer says, and passes on each byte of it", async () => {
  const agent = await knownAgent();
  const whole = DELTA + usage(1_234);
  const chunks = whole.match(/[\s\S]{1,7}/g) ?? [];
  const { response } = await ask(agent, { chunks });
  expect(await response.text()).toBe(whole);
  await becomes(agent, 1_234);
});

it("counts it while the stream is still open", async () => {
  const agent = await knownAgent();
  const { response } = await ask(agent, { chunks: [usage(77)], end: "wait" });
  const reader = response.body?.getReader();
  await reader?.read();
  await becomes(agent, 77);
  await reader?.cancel();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await usedToday(agent)).toBe(77);
});

it("counts the usage of an answer in one JSON text", async () => {
  const agent = await knownAgent();
  const { response } = await ask(agent, { chunks: [JSON.stringify({ output: [], usage: { total_tokens: 5 } })] });
  await response.text();
  await becomes(agent, 5);
});

it("counts a compressed answer", async () => {
  const agent = await knownAgent();
  const { response } = await ask(agent, { chunks: [DELTA, usage(88)], gzip: true });
  expect(await response.text()).toBe(DELTA + usage(88));
  await becomes(agent, 88);
});

it.each([
  ["that breaks off", "break"],
  ["without usage", "close"],
] as const)("counts an answer %s by the size of the request and of the model's text", async (_, end) => {
  const agent = await knownAgent();
  const { response, estimate } = await ask(agent, { chunks: [DELTA, DELTA], end });
  await response.text().catch(() => {});
  await becomes(agent, estimate + 80);
});

it("counts what came of an answer that the agent did not wait for", async () => {
  const agent = await knownAgent();
  const { response, estimate } = await ask(agent, { chunks: [DELTA], end: "wait" });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await becomes(agent, estimate + 40);
});

it("measures a request that does not name its length", async () => {
  const agent = await knownAgent();
  const body = JSON.stringify({ chunks: [DELTA], end: "close", padding: "x".repeat(4_000) });
  const stream = new Blob([body]).stream();
  const settings = { OPENAI_BASE_URL: upstream("played").baseUrl };
  const response = await askModel({ token: agent.token, settings, init: { body: stream } });
  expect(await response.text()).toBe(DELTA);
  await becomes(agent, Math.ceil(body.length / 4) + 40);
});

it.each([400, 401, 429, 500, 503])("counts nothing for a refusal (%i)", async (status) => {
  const agent = await knownAgent();
  await deploy(directory(agent.userId), { MAX_TOKENS_PER_DAY: "1000000" });
  const { response } = await ask(agent, status);
  await response.text();
  await becomes(agent, 0);
});

it("counts nothing where the model API cannot be reached", async () => {
  const agent = await knownAgent();
  await deploy(directory(agent.userId), { MAX_TOKENS_PER_DAY: "1000000" });
  const settings = { OPENAI_BASE_URL: "http://127.0.0.1:9/v1" };
  expect((await askModel({ token: agent.token, settings })).status).toBe(503);
  await becomes(agent, 0);
});

it("holds the request at its estimate while it is at work", async () => {
  const agent = await knownAgent();
  await deploy(directory(agent.userId), { MAX_TOKENS_PER_DAY: "1000000" });
  const { response, estimate } = await ask(agent, { chunks: [DELTA], end: "wait" });
  expect(await usedToday(agent)).toBe(estimate);
  await response.body?.cancel();
});

it("refuses on a spent day, at once, in a form that Codex does not repeat, and asks nobody", async () => {
  const agent = await knownAgent();
  await deploy(directory(agent.userId), { MAX_TOKENS_PER_DAY: "100" });
  const first = await ask(agent, { chunks: [usage(150)] });
  await first.response.text();
  await becomes(agent, 150);
  const { api, response } = await ask(agent, "headers");
  expect(response.status).toBe(400);
  const reset = new Date(Math.floor(Date.now() / 86_400_000 + 1) * 86_400_000);
  expect(await response.json()).toMatchObject({
    error: {
      code: "gateway_budget_exceeded",
      message: expect.stringContaining(`gateway_budget_exceeded[day:100:150:${reset.getTime()}]: Your token budget`),
    },
  });
  expect(await api.requests()).toEqual([]);
  expect(await usedToday(agent)).toBe(150);
});

it("lets the next request out on the next day", async () => {
  const agent = await knownAgent();
  const limited = directory(agent.userId);
  await deploy(limited, { MAX_TOKENS_PER_DAY: "100" });
  const yesterday = Math.floor(Date.now() / 86_400_000) - 1;
  await (await ask(agent, { chunks: [usage(150)] })).response.text();
  await becomes(agent, 150);
  expect((await ask(agent, "headers")).response.status).toBe(400);
  // As if all of it had been a day ago.
  await runInDurableObject(limited, (_, { storage: { sql } }) => {
    sql.exec("UPDATE spent_requests SET day = ?", yesterday);
    sql.exec(
      "UPDATE spent_tokens SET day = ?, id = CASE kind WHEN 'day' THEN ? ELSE id END",
      yesterday,
      String(yesterday),
    );
  });
  expect(await usedToday(agent)).toBe(0);
  expect((await ask(agent, "headers")).response.status).toBe(200);
});

it("counts for the turn at work, whichever that is, and for nobody else", async () => {
  const [agent, other] = [await knownAgent(), await knownAgent()];
  const [one, two] = await inStore(agent.agent, ({ turns, conversations }) =>
    [1, 2].map(() => turns.accept(turn([], { user_id: agent.userId }), conversations.current().id).id),
  );
  const dispatch = (id = "") => inStore(agent.agent, ({ turns }) => turns.dispatch(id, "inc_1"));
  await dispatch(one);
  await (await ask(agent, { chunks: [usage(10)] })).response.text();
  await becomes(agent, 10);
  await inStore(agent.agent, (store) =>
    store.settle(one ?? "", { status: "completed", answer: "", error: null, usage: null }),
  );
  await dispatch(two);
  await (await ask(agent, { chunks: [usage(5)] })).response.text();
  await becomes(agent, 15);
  const used = async (id = "") => (await directory(agent.userId).tokensUsed(id)).turn;
  expect([await used(one), await used(two)]).toEqual([10, 5]);
  expect(await usedToday(other)).toBe(0);
});

it("shares no budget between users", async () => {
  const [ada, bob] = [await knownAgent(), await knownAgent()];
  for (const { userId } of [ada, bob]) await deploy(directory(userId), { MAX_TOKENS_PER_DAY: "100" });
  await (await ask(ada, { chunks: [usage(1_000)] })).response.text();
  await becomes(ada, 1_000);
  expect((await ask(ada, "headers")).response.status).toBe(400);
  expect((await ask(bob, "headers")).response.status).toBe(200);
});

it("counts for a ChatGPT login as for a key", async () => {
  const agent = await knownAgent();
  await connected(await newAccount(), agent.userId);
  const body = JSON.stringify({ model: "gpt-6.1-sol", input: "Hei" });
  const response = await askModel({
    token: agent.token,
    init: { body, headers: { "content-length": `${body.length}` } },
  });
  expect(await response.text()).toBe("data: first\n\ndata: last\n\n");
  await becomes(agent, Math.ceil(body.length / 4));
});
