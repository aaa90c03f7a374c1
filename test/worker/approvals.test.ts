// Approvals as a caller sees them: the turn waits, whoever is first decides, and the decision survives what may happen.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { TurnRequest, TurnView } from "../../src/agent/types.ts";
import { unwrap } from "../../src/errors.ts";
import { type Agent, abort, inStore, newAgent, start, turn } from "./support/agents.ts";

const SUGGEST: Partial<TurnRequest> = { access: "write", approval_mode: "suggest", model: "gpt-5.5" };
const PATCH = { patch: "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n" };

async function until(agent: Agent, turnId: string, fits: (view: TurnView) => boolean): Promise<TurnView> {
  return await expect
    .poll(async () => unwrap(await agent.getTurn(turnId)), { timeout: 15_000, interval: 50 })
    .toSatisfy(fits)
    .then(async () => unwrap(await agent.getTurn(turnId)));
}

async function waiting(agent: Agent, request: Partial<TurnRequest> = {}): Promise<TurnView & { approvalId: string }> {
  const { turn_id } = await start(agent, turn([PATCH, { say: "done" }], { ...SUGGEST, ...request }));
  const view = await until(agent, turn_id, ({ status }) => status === "awaiting_approval");
  return { ...view, approvalId: view.approvals[0]?.approval_id ?? "" };
}

it("a turn that asks shows what it asks, and goes on when it is accepted", async () => {
  const agent = newAgent();
  const { turn_id, approvals, approvalId } = await waiting(agent);
  expect(approvals).toMatchObject([{ kind: "file_change", paths: ["new.txt"] }]);
  unwrap(await agent.answerApproval(turn_id, approvalId, "accept"));
  const settled = await until(agent, turn_id, ({ status }) => status === "completed");
  expect(settled.approvals).toEqual([]);
  expect(settled.evidence).toMatchObject({
    changed_files: [{ path: "new.txt", action: "create" }],
    approvals: [{ approval_id: approvalId, decision: "accept", by: "person" }],
  });
});

it("of two people who answer at once one is told that the other was first", async () => {
  const agent = newAgent();
  const { turn_id, approvalId } = await waiting(agent);
  const answers = await Promise.all([
    agent.answerApproval(turn_id, approvalId, "decline"),
    agent.answerApproval(turn_id, approvalId, "accept"),
  ]);
  expect(answers.map(({ ok }) => ok).sort()).toEqual([false, true]);
  expect(answers.find(({ ok }) => !ok)).toMatchObject({ code: "conflict" });
  await until(agent, turn_id, ({ status }) => status === "completed");
});

it("an unknown approval is not found", async () => {
  const agent = newAgent();
  const { turn_id, approvalId } = await waiting(agent);
  expect(await agent.answerApproval(turn_id, "approval_0", "accept")).toMatchObject({ ok: false, code: "not_found" });
  unwrap(await agent.answerApproval(turn_id, approvalId, "cancel"));
  await until(agent, turn_id, ({ status }) => status === "cancelled");
});

it("an approval that nobody answers is declined, and the turn says so", async () => {
  const agent = newAgent();
  const { turn_id, approvalId } = await waiting(agent, { approval_timeout_ms: 1_000 });
  const { evidence } = await until(agent, turn_id, ({ status }) => status === "completed");
  expect(evidence?.approvals).toEqual([{ approval_id: approvalId, decision: "decline", by: "timeout" }]);
  expect(evidence?.changed_files).toEqual([]);
});

it("a decision that was written down and not delivered is delivered when the stream is taken up again", async () => {
  const agent = newAgent();
  const { turn_id, approvalId } = await waiting(agent);
  await runInDurableObject(agent, (_, { storage }) =>
    storage.sql
      .exec("UPDATE approvals SET decision = 'accept', decided_by = 'person' WHERE id = ?", approvalId)
      .toArray(),
  );
  const settled = await until(await abort(agent), turn_id, ({ status }) => status === "completed");
  expect(settled.evidence?.changed_files).toMatchObject([{ path: "new.txt" }]);
});

it("a cancelled turn voids what it asked", async () => {
  const agent = newAgent();
  const { turn_id, approvalId } = await waiting(agent);
  unwrap(await agent.cancelTurn(turn_id));
  expect(await agent.answerApproval(turn_id, approvalId, "accept")).toMatchObject({ ok: false, code: "conflict" });
});

it("a turn that is ended by force leaves nothing to decide on", async () => {
  const agent = newAgent();
  const { turn_id, approvalId } = await waiting(agent);
  await inStore(agent, (store) =>
    store.settle(turn_id, { status: "cancelled", answer: null, error: null, usage: null }),
  );
  expect(await agent.answerApproval(turn_id, approvalId, "accept")).toMatchObject({ ok: false, code: "conflict" });
});
