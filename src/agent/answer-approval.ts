// Takes a person's decision on what a turn waits for. Whoever is first wins; everybody else is told what was decided. A decision
// that was written down is sent to the runner until it has heard it, also after a restart of this object (turn-runner.ts).

import type { Logger } from "../../container/lib/log.ts";
import type { ApprovalDecision } from "../../container/protocol.ts";
import { AppError } from "../errors.ts";
import type { AgentBody, Runner } from "./body.ts";
import type { StoredApproval } from "./store/approvals.ts";
import type { AgentStore } from "./store/store.ts";

export interface Answer {
  turnId: string;
  approvalId: string;
  decision: ApprovalDecision;
}

/** How long the runner's word on the decision is waited for. */
const CONFIRM_TIMEOUT_MS = 5_000;
const POLL_MS = 20;
const RETRY_MS = { first: 100, longest: 5_000 };

/** Resolves once the decision is written down, and mostly carried out. Throws `not_found`, `conflict`. */
export async function answerApproval(
  answer: Answer,
  store: AgentStore,
  body: Pick<AgentBody, "current" | "isCurrent">,
  log: Logger,
): Promise<void> {
  const { turnId, approvalId, decision } = answer;
  const known = find(store, answer);
  if (known === undefined)
    throw new AppError("not_found", "This turn has no such approval. get_turn lists those that wait.");
  if (!store.approvals.decide(turnId, approvalId, decision)) throw tooLate(known);
  // Nobody waits for a runner that does not answer: the decision is kept.
  deliver(answer, store, body, log).catch((error: unknown) => log.warn("the decision is not sent again", { error }));
  await confirmed(store, answer);
  const after = find(store, answer);
  // The clock or the end of the turn was first, though it was not known here yet.
  if (after?.is_resolved === true && after.decided_by !== "person") throw tooLate(after);
}

/** Resolves when the runner has heard the decision, or cannot any more. */
async function deliver(
  answer: Answer,
  store: AgentStore,
  body: Pick<AgentBody, "current" | "isCurrent">,
  log: Logger,
): Promise<void> {
  const { turnId, approvalId, decision } = answer;
  for (let delayMs = RETRY_MS.first; ; delayMs = Math.min(delayMs * 2, RETRY_MS.longest)) {
    const runner = runnerOf(turnId, store, body);
    if (runner === undefined || find(store, answer)?.is_resolved !== false) return;
    try {
      await runner.client.answerApproval(turnId, approvalId, decision);
      return;
    } catch (error) {
      log.warn("the decision is sent again", { turn_id: turnId, error });
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

function runnerOf(
  turnId: string,
  { turns }: AgentStore,
  body: Pick<AgentBody, "current" | "isCurrent">,
): Runner | undefined {
  const incarnation = turns.find(turnId)?.incarnation ?? null;
  return incarnation !== null && body.isCurrent(incarnation) ? body.current() : undefined;
}

/** The runner's event may be on its way: what it says became of the approval is what counts. */
async function confirmed(store: AgentStore, answer: Answer): Promise<void> {
  for (const deadline = Date.now() + CONFIRM_TIMEOUT_MS; Date.now() < deadline; ) {
    if (find(store, answer)?.is_resolved !== false) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function find({ approvals }: AgentStore, { turnId, approvalId }: Pick<Answer, "turnId" | "approvalId">) {
  return approvals.list(turnId).find(({ approval }) => approval.approval_id === approvalId);
}

function tooLate({ decision, decided_by }: StoredApproval): AppError {
  const [said, nothing] = [`"${decision}"`, "Nothing was changed by this call."];
  switch (decided_by) {
    case "end":
      return conflict(`This approval is void: its turn ended before anybody had decided, and it was not carried out.`);
    case "unconfirmed":
      return conflict(
        `${said} was taken, but the turn ended before Codex had confirmed it: whether it was carried out is not known. Look at the workspace.`,
      );
    case "timeout":
      return conflict(`Nobody answered this approval in time, so it was declined (${said}). ${nothing}`);
    case "session":
      return conflict(`This approval was decided before, for the whole session: ${said}. ${nothing}`);
    default:
      return conflict(`This approval was decided before: ${said} by a person. ${nothing}`);
  }
}

function conflict(message: string): AppError {
  return new AppError("conflict", message);
}
