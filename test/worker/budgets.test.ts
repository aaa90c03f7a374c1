// Budgets of tokens as a caller meets them: turns of a real Codex that reach one, and what is told of it.
import { expect, it } from "vitest";
import { script } from "../support/fake-model/script.ts";
import { deploy } from "./support/accounts.ts";
import { eventually, get, inStore, settled } from "./support/agents.ts";
import { agentNamed, callTool, chat, directoryOf, look, newUser } from "./support/fleet.ts";
import { lab, modelRequests } from "./support/lab.ts";

type User = ReturnType<typeof newUser>;
type Limits = { MAX_TOKENS_PER_TURN?: number; MAX_TOKENS_PER_DAY?: number };

/** A user whose directory, and whose calls, know these limits. */
async function limited(limits: Limits): Promise<User> {
  const user = newUser(limits);
  const settings = Object.entries(limits).map(([name, value]) => [name, String(value)]);
  await deploy(directoryOf(user), Object.fromEntries(settings));
  return user;
}

const usedBy = async (user: User, turnId: string | null = null) => directoryOf(user).tokensUsed(turnId);

async function status(user: User, agent_id = "a1") {
  return look<{ token_budget: object | null; current_turn: { turn_id: string } | null }>(user, "get_agent_status", {
    agent_id,
  });
}

it("counts what a turn's model requests took, as Codex itself does", async () => {
  const user = newUser();
  const { turn_id, total } = await counted(user, { run: "echo one" }, { answer: { response: "Hi." } });
  expect(total).toBeGreaterThan(1_000);
  await expect.poll(() => usedBy(user, turn_id)).toMatchObject({ day: total, turn: total });
  expect((await status(user)).token_budget).toMatchObject({
    day: { used: total, limit: null, remaining: null, resets_at: expect.stringMatching(/T00:00:00.000Z$/) },
    turn: null,
  });
});

it("ends a turn that has reached its budget, between two of its requests, and keeps the agent", async () => {
  const user = await limited({ MAX_TOKENS_PER_TURN: 100 });
  const message = `Hello ${crypto.randomUUID()}. ${script({ run: "echo one > one.txt" }, { say: "never" })}`;
  const startedAt = Date.now();
  const { structured } = await callTool(user, "implement", { task: message, target_files: [], agent_id: "a1" });
  expect(structured).toMatchObject({
    status: "failed",
    error: { code: "budget_exceeded", message: expect.stringContaining("MAX_TOKENS_PER_TURN"), retryable: false },
  });
  expect(Date.now() - startedAt).toBeLessThan(15_000);
  // What it had done stays.
  expect(await lab.readFile(agentNamed(user, "a1"), "one.txt")).toBe("one\n");
  expect(await modelRequests(message.slice(0, 40))).toHaveLength(1);
  // A new turn has a budget of its own.
  expect(await chat(user, "a1")).toMatchObject({ status: "completed" });
});

it("shows what is left of both budgets while a turn is at work", async () => {
  const user = await limited({ MAX_TOKENS_PER_TURN: 1_000_000, MAX_TOKENS_PER_DAY: 2_000_000 });
  const message = `Hello ${crypto.randomUUID()}. ${script({ run: "echo one" }, { stallMs: 1_500 }, { say: "Hi." })}`;
  const { turn_id } = await look<{ turn_id: string }>(user, "chat", { message, agent_id: "a1", wait_seconds: 0 });
  await eventually(async () => (await modelRequests(message.slice(0, 40))).length === 2);
  const { token_budget } = await status(user);
  const { day, turn } = token_budget as Record<"day" | "turn", Record<"used" | "limit" | "remaining", number>>;
  expect(token_budget).toMatchObject({ turn: { turn_id } });
  expect([day.limit, turn.limit]).toEqual([2_000_000, 1_000_000]);
  expect(turn.used).toBeGreaterThan(1_000);
  expect([day.used, day.remaining, turn.remaining]).toEqual([turn.used, 2_000_000 - turn.used, 1_000_000 - turn.used]);
  const { text } = await callTool(user, "get_agent_status", { agent_id: "a1" });
  expect(text).toContain(`token budget: today ${day.used} of 2000000 (resets at`);
  await settled(agentNamed(user, "a1"), turn_id);
});

it("ends the turns of all agents of a user once the day's budget is spent", async () => {
  const user = await limited({ MAX_TOKENS_PER_DAY: 30_000 });
  const steps = Array.from({ length: 20 }, (_, n) => ({ run: `echo ${n}` }));
  const ends = await Promise.all(
    ["a1", "a2"].map((id) => callTool(user, "chat", { message: said(steps), agent_id: id })),
  );
  for (const { structured } of ends) {
    expect(structured).toMatchObject({
      status: "failed",
      error: { code: "budget_exceeded", message: expect.stringMatching(/MAX_TOKENS_PER_DAY.*resets at .*T00:00:00/) },
    });
  }
  const { day } = await usedBy(user);
  // Each agent may go over it by one answer.
  expect(day).toBeGreaterThanOrEqual(30_000);
  expect(day).toBeLessThan(30_000 + 2 * 20_000);
  // Somebody else's day is not spent.
  expect(await chat(await limited({ MAX_TOKENS_PER_DAY: 30_000 }), "a1")).toMatchObject({ status: "completed" });
});

it("starts no container on a spent day, and takes the turn when there are tokens again", async () => {
  const user = await limited({ MAX_TOKENS_PER_DAY: 1_000 });
  await directoryOf(user).countModelRequest({ id: "req_1", turn_id: null, tokens: 1_000 });
  const refused = await callTool(user, "chat", { message: "Hello", agent_id: "a1" });
  expect(refused.structured).toMatchObject({
    status: "failed",
    turn_id: null,
    error: { code: "budget_exceeded", message: expect.stringContaining("1000 of 1000 tokens") },
  });
  expect(await lab.processes(agentNamed(user, "a1"))).toEqual([]);
  expect((await callTool(user, "list_sessions")).structured).toMatchObject({ total: 0 });
  await deploy(directoryOf(user), { MAX_TOKENS_PER_DAY: "2000" });
  expect(await chat(user, "a1")).toMatchObject({ status: "completed" });
});

it("fails a turn that waited in the queue of an agent whose container is down, without starting it", async () => {
  const user = await limited({ MAX_TOKENS_PER_DAY: 1_000 });
  const agent = agentNamed(user, "a1");
  await directoryOf(user).countModelRequest({ id: "req_1", turn_id: null, tokens: 1_000 });
  const turnId = await inStore(agent, ({ turns, conversations }) => {
    conversations.introduce({ user_id: user.userId, agent_id: "a1" });
    return turns.accept(
      {
        ...{ user_id: user.userId, agent_id: "a1", tool: "chat", prompt: "Hello", output_schema: null, access: "read" },
        ...{ model: null, effort: null, conversation_id: null, request_id: null, timeout_ms: 60_000 },
        ...{ approval_mode: "auto", approval_timeout_ms: 60_000, correlation_id: "req_test" },
      },
      conversations.current().id,
    ).id;
  });
  await agent.resumeTurns();
  expect(await settled(agent, turnId)).toMatchObject({ status: "failed", error: { code: "budget_exceeded" } });
  expect(await lab.processes(agent)).toEqual([]);
});

it("gives no tokens back for an agent that is deleted", async () => {
  const user = await limited({ MAX_TOKENS_PER_DAY: 10_000_000 });
  const { total: day } = await counted(user, { answer: { response: "Hi." } });
  await expect.poll(() => usedBy(user)).toMatchObject({ day });
  await look(user, "cleanup_inactive_agents", { agent_id: "a1", inactive_for_seconds: 0, delete_data: true });
  expect(await usedBy(user)).toMatchObject({ day });
});

/** A turn of agent `a1`, and the tokens that Codex says it took. */
async function counted(user: User, ...steps: Parameters<typeof script>): Promise<{ turn_id: string; total: number }> {
  const { turn_id } = await chat(user, "a1", ...steps);
  const { usage } = await get(agentNamed(user, "a1"), turn_id);
  return { turn_id, total: (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0) };
}

function said(steps: Parameters<typeof script>): string {
  return `Hello ${crypto.randomUUID()}. ${script(...steps)}`;
}
