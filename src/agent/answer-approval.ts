// Takes a person's decision on what a turn waits for. Whoever is first wins; everybody else is told what was decided.

import type { Logger } from "../../container/lib/log.ts";
import type { ApprovalDecision } from "../../container/protocol.ts";
import { AppError } from "../errors.ts";
import type { AgentBody } from "./body.ts";
import type { AgentStore } from "./store/store.ts";

export interface Answer {
  turnId: string;
  approvalId: string;
  decision: ApprovalDecision;
}

/** How long the runner's word on the decision is waited for. */
const CONFIRM_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/** Resolves once the decision is written down, and mostly carried out. Throws `not_found`, `conflict`. */
export async function answerApproval(answer: Answer, store: AgentStore, body: AgentBody, log: Logger): Promise<void> {
  const { turnId, approvalId, decision } = answer;
  const known = find(store, turnId, approvalId);
  if (known === undefined)
    throw new AppError("not_found", "This turn has no such approval. get_turn lists those that wait.");
  if (!store.approvals.decide(turnId, approvalId, decision)) throw tooLate(known.decision, known.decided_by);
  const incarnation = store.turns.find(turnId)?.incarnation ?? null;
  const runner = incarnation !== null && body.isCurrent(incarnation) ? body.current() : undefined;
  await runner?.client.answerApproval(turnId, approvalId, decision).catch((error: unknown) => {
    log.warn("the decision is sent again when the runner is back", { turn_id: turnId, error });
  });
  await confirmed(store, turnId, approvalId);
  const after = find(store, turnId, approvalId);
  // The clock or the end of the turn was first, though it was not known here yet.
  if (after?.is_resolved !== false && after?.decided_by !== "person") throw tooLate(after?.decision, after?.decided_by);
}

/** The runner's event may be on its way: what it says became of the approval is what counts. */
async function confirmed(store: AgentStore, turnId: string, approvalId: string): Promise<void> {
  for (const deadline = Date.now() + CONFIRM_TIMEOUT_MS; Date.now() < deadline; ) {
    if (find(store, turnId, approvalId)?.is_resolved !== false) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function find({ approvals }: AgentStore, turnId: string, approvalId: string) {
  return approvals.list(turnId).find(({ approval }) => approval.approval_id === approvalId);
}

function tooLate(decision: string | null | undefined, by: string | null | undefined): AppError {
  const what = decision ? `"${decision}" by ${by ?? "somebody"}` : "already";
  return new AppError("conflict", `This approval was decided before: ${what}. Nothing was changed by this call.`);
}
