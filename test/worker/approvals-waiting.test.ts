// What may happen to an agent while a question waits, and how long anybody can wait for its answer to count.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import { answerApproval } from "../../src/agent/answer-approval.ts";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { AgentStore } from "../../src/agent/store/store.ts";
import { RunnerClient } from "../../src/runtime/runner-client.ts";
import { abort, get, inStore, newAgent, settled, start, turn } from "./support/agents.ts";
import { asked, outcomes, question, SUGGEST, written } from "./support/asked.ts";

const it = test.concurrent;

describe("while a question waits", () => {
  it("the container does not sleep, however short the session's timeout, also after the object was lost", async () => {
    const { agent, turnId, approvalId } = await asked();
    const back = await abort(agent);
    await get(back, turnId);
    await runInDurableObject(back, async (instance: CodexAgent) => {
      instance.sleepAfter = 1;
      instance.renewActivityTimeout();
      await instance.schedule(0, "resumeTurns");
    });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await runInDurableObject(back, (instance: CodexAgent) => instance.yieldContainer())).toBe(false);
    expect((await back.answerApproval(turnId, approvalId, "accept")).ok).toBe(true);
    expect(await settled(back, turnId)).toMatchObject({ status: "completed" });
    expect(await written(back)).toBe("hello\n");
  });

  it("nobody can clean the agent up or roll it back", async () => {
    const { agent, turnId, approvalId } = await asked();
    for (const delete_data of [false, true]) {
      const request = { inactive_since: Date.now() + 1_000, delete_data, dry_run: false };
      const retired = await agent.retire(request);
      expect(retired).toMatchObject({ ok: true, value: { action: "left", reason: "a turn is at work" } });
    }
    expect(await agent.rollBack(turnId)).toMatchObject({ ok: false, code: "conflict" });
    expect(await question(agent, turnId)).toBe(approvalId);
    await agent.answerApproval(turnId, approvalId, "decline");
    await settled(agent, turnId);
  });

  it("the next turn waits as well, and both end when the first is cancelled", async () => {
    const { agent, turnId, approvalId } = await asked();
    const next = await start(agent, turn([{ say: "Next." }], SUGGEST));
    expect(next).toMatchObject({ status: "queued", queue_position: 1 });
    const [cancelled, answered] = await Promise.all([
      agent.cancelTurn(turnId),
      agent.answerApproval(turnId, approvalId, "accept"),
    ]);
    expect(cancelled).toMatchObject({ ok: true, value: { status: "cancelled" } });
    const [[decision, by] = []] = outcomes(await settled(agent, turnId));
    // Whichever came first. What was accepted may all the same not be carried out any more.
    expect(answered.ok).toBe(decision === "accept" && by === "person");
    if (decision !== "accept") expect(await written(agent)).toBeNull();
    expect(await settled(agent, next.turn_id)).toMatchObject({ status: "completed", answer: "Next." });
  });

  it("the turn's deadline ends it, and voids the question", async () => {
    const { agent, turnId, approvalId } = await asked({ timeout_ms: 5_000 });
    const view = await settled(agent, turnId);
    expect(view).toMatchObject({ status: "failed", error: { code: "deadline_exceeded" } });
    expect(outcomes(view)).toEqual([["decline", "end"]]);
    expect(await agent.answerApproval(turnId, approvalId, "accept")).toMatchObject({ ok: false, code: "conflict" });
    expect(await written(agent)).toBeNull();
  });

  it("ten people answer at once: one counts, and nine are told which", async () => {
    const { agent, turnId, approvalId } = await asked();
    const decisions = Array.from<unknown, "accept" | "decline">({ length: 10 }, (_, n) =>
      n % 2 === 0 ? "accept" : "decline",
    );
    const answers = await Promise.all(decisions.map((decision) => agent.answerApproval(turnId, approvalId, decision)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    const counted = decisions[answers.findIndex(({ ok }) => ok)];
    for (const answer of answers) {
      if (!answer.ok)
        expect(answer).toMatchObject({ code: "conflict", message: expect.stringContaining(`"${counted}"`) });
    }
    expect(outcomes(await settled(agent, turnId))).toEqual([[counted, "person"]]);
    expect(await written(agent)).toBe(counted === "accept" ? "hello\n" : null);
  });
});

it("an answer long after the turn's end is refused, and with the result the question is forgotten", async () => {
  const { agent, turnId, approvalId } = await asked();
  await agent.answerApproval(turnId, approvalId, "accept");
  await settled(agent, turnId);
  const late = await agent.answerApproval(turnId, approvalId, "decline");
  expect(late).toMatchObject({ ok: false, code: "conflict", message: expect.stringContaining('"accept"') });
  await inStore(agent, ({ turns }) => turns.expire(Date.now() + 1_000));
  const rows = await inStore(agent, (_, sql) => sql.exec("SELECT COUNT(*) AS rows FROM approvals").one().rows);
  expect(rows).toBe(0);
  expect(await agent.answerApproval(turnId, approvalId, "decline")).toMatchObject({ ok: false, code: "not_found" });
});

it("an answer that the runner has not heard is sent again while the turn is at work", async () => {
  await runInDurableObject(newAgent(), async (_, { storage }) => {
    const store = new AgentStore(storage);
    const request = turn([]);
    store.conversations.introduce(request);
    const { id } = store.turns.accept(request, store.conversations.current().id);
    store.turns.dispatch(id, "inc_1");
    const approval_id = "approval_1";
    store.approvals.add(id, { approval_id, kind: "command", command: "ls", expires_at: Date.now() + 60_000 });
    const heard: string[] = [];
    // The first two get lost on the way; the third is heard, and the runner's word follows.
    const client = new RunnerClient(async (path) => {
      heard.push(path);
      if (heard.length < 3) throw new Error("lost");
      store.approvals.resolve(id, approval_id, "accept", "person");
      return new Response(null, { status: 202 });
    }, "token");
    const body = { isCurrent: () => true, current: () => ({ incarnation: "inc_1", client }) };
    const answer = { turnId: id, approvalId: approval_id, decision: "accept" } as const;
    await answerApproval(answer, store, body, createLogger(console.log, "DEBUG", {}));
    expect(heard).toEqual(Array(3).fill(`/turns/${id}/approvals/${approval_id}`));
    expect(store.approvals.list(id)).toMatchObject([{ decision: "accept", decided_by: "person", is_resolved: true }]);
  });
});
