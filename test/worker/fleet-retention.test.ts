// How long results are kept, and what becomes of them then.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { type Agent, eventually, get, inStore, newAgent, run, start, turn } from "./support/agents.ts";

const WEEK_MS = 7 * 86_400_000;

it("keeps a result for as long as RESULT_TTL_SECONDS says, and no longer", async () => {
  const agent = newAgent();
  const { turn_id } = await run(agent, turn([{ say: "Kept." }]));
  await age(agent, turn_id, WEEK_MS - 60_000);
  await expire(agent);
  expect(await get(agent, turn_id)).toMatchObject({ status: "completed", answer: "Kept." });
  await age(agent, turn_id, 120_000);
  await expire(agent);
  const expired = await agent.getTurn(turn_id);
  expect(expired).toMatchObject({
    ok: false,
    code: "not_found",
    message: expect.stringContaining("RESULT_TTL_SECONDS"),
  });
  expect(await inStore(agent, ({ turns }) => [[...turns.events(turn_id)], turns.result(turn_id)])).toEqual([
    [],
    undefined,
  ]);
  expect(await inStore(agent, ({ turns }) => turns.find(turn_id)?.status)).toBe("completed");
});

it("says of a result that is gone what it was, and not that there is no such turn", async () => {
  const agent = newAgent();
  const { turn_id } = await run(agent, turn([{ fail: { status: 401 } }]));
  await age(agent, turn_id, 2 * WEEK_MS);
  await expire(agent);
  const [expired, unknown] = [await agent.getTurn(turn_id), await agent.getTurn("turn_unknown")];
  expect(expired).toMatchObject({ message: expect.stringMatching(/was failed at \d{4}-.*expired/) });
  expect(unknown).not.toEqual(expired);
  expect(await agent.watchTurn(turn_id, 0)).toEqual(expired);
  expect(await agent.cancelTurn(turn_id)).toEqual(expired);
});

it("never runs a request again whose result is gone", async () => {
  const agent = newAgent();
  const request = turn([{ say: "Once." }], { request_id: "key" });
  const { turn_id } = await run(agent, request);
  await age(agent, turn_id, 2 * WEEK_MS);
  await expire(agent);
  expect(await agent.startTurn(request)).toMatchObject({ ok: false, code: "not_found" });
});

it("leaves the conversation and its sums as they are", async () => {
  const agent = newAgent();
  const { turn_id, conversation_id } = await run(agent, turn([{ say: "Remember this." }]));
  const before = await agent.sessionState("idle");
  await age(agent, turn_id, 2 * WEEK_MS);
  await expire(agent);
  expect(await agent.sessionState("idle")).toEqual(before);
  const rollout = await inStore(agent, ({ conversations }) => [
    ...conversations.rollout(conversations.find(conversation_id)?.thread_id ?? ""),
  ]);
  expect(rollout.join("")).toContain("Remember this.");
});

it("leaves a turn alone that has not settled, however old it is", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn([{ stallMs: 15_000 }]));
  await expire(agent);
  expect(await inStore(agent, ({ turns }) => turns.request(turn_id))).toMatchObject({ tool: "chat" });
});

it("looks for what is due once a day for as long as there will be something", async () => {
  const agent = newAgent();
  const { turn_id } = await run(agent, turn());
  const [first, ...more] = await eventually(async () => {
    const planned = await runs(agent);
    return planned.length > 0 ? planned : undefined;
  });
  expect(more).toEqual([]);
  expect(first).toBeGreaterThan(Date.now() / 1_000 + 86_000);
  expect(first).toBeLessThan(Date.now() / 1_000 + 86_500);
  await run(agent, turn());
  expect(await runs(agent)).toEqual([first]);
  await age(agent, turn_id, 2 * WEEK_MS);
  await makeDue(agent);
  await eventually(async () => !(await agent.getTurn(turn_id)).ok);
  await eventually(async () => (await runs(agent)).length === 1);
});

it("plans no more looks once everything is gone", async () => {
  const agent = newAgent();
  const { turn_id } = await run(agent, turn());
  await eventually(async () => (await runs(agent)).length === 1);
  await age(agent, turn_id, 2 * WEEK_MS);
  await makeDue(agent);
  await eventually(async () => (await runs(agent)).length === 0);
});

/** The turn has settled that much longer ago. */
async function age(agent: Agent, turnId: string, ms: number): Promise<void> {
  await inStore(agent, (_, sql) => {
    sql.exec("UPDATE turns SET settled_at = settled_at - ? WHERE id = ?", ms, turnId);
  });
}

async function expire(agent: Agent): Promise<void> {
  await runInDurableObject(agent, (instance: CodexAgent) => instance.expireResults());
}

/** When the next looks are planned, in seconds. */
async function runs(agent: Agent): Promise<number[]> {
  const query = "SELECT time FROM container_schedules WHERE callback = 'expireResults'";
  return inStore(agent, (_, sql) =>
    sql
      .exec<{ time: number }>(query)
      .toArray()
      .map(({ time }) => time),
  );
}

/** The day has passed: the alarm of the Container class finds the schedule due. */
async function makeDue(agent: Agent): Promise<void> {
  await runInDurableObject(agent, async (instance: CodexAgent, { storage }) => {
    storage.sql.exec("UPDATE container_schedules SET time = 0 WHERE callback = 'expireResults'");
    // The alarm that waits looks again.
    await instance.schedule(0, "resumeTurns");
  });
}
