// Puts what a turn waits for to the user of the client that waits for the turn. Somebody else may be faster, by another client or
// the web page: whoever is first wins.
import { type InputRequiredResult, inputRequired, type ServerContext } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { ApprovalDecision } from "../../container/protocol.ts";
import { unwrap } from "../errors.ts";
import { agentOf, type CallContext } from "../tools/call-context.ts";
import type { PendingApprovals } from "../tools/catalogue.ts";
import { TurnId } from "../tools/fields.ts";
import { approvalForm, readDecision } from "./approval-form.ts";

/**
 * Comes back with the client's answer. It is not signed: it names a turn that is looked for among the caller's own agents, so a
 * made-up one reaches nothing that the caller's own tools do not.
 */
export const RequestState = z.object({ turn_id: TurnId, round: z.number().int().min(0) });
export type RequestState = z.infer<typeof RequestState>;

/** Between looks whether somebody else has decided. */
const LOOK_INTERVAL_MS = 1_000;
/** People take their time; many clients give up after 60 s without news. */
const LOOKS_PER_NEWS = 20;
/** The clock declines first; then there is nothing to ask any more. */
const GRACE_MS = 30_000;

/** The question as a result, for a client that calls again with the answer (revision 2026-07-28). */
export function approvalsRequired(
  { agent_id, turn_id, approvals }: PendingApprovals,
  round: number,
): InputRequiredResult {
  const forms = approvals.map((approval) => {
    return [approval.approval_id, inputRequired.elicit(approvalForm(approval, agent_id))] as const;
  });
  const requestState = JSON.stringify({ turn_id, round } satisfies RequestState);
  return inputRequired({ inputRequests: Object.fromEntries(forms), requestState });
}

/** Hands on what the client brought. Returns false where some of it is no decision: then it is not asked again. */
export async function handOnAnswers(
  responses: Record<string, unknown>,
  turn: { agent_id: string; turn_id: string },
  context: CallContext,
): Promise<boolean> {
  let isComplete = true;
  for (const approvalId of Object.keys(responses)) {
    const decision = readDecision(responses, approvalId);
    if (decision === undefined) isComplete = false;
    else await decide({ ...turn, approvalId, decision }, context);
  }
  return isComplete;
}

/** The question as a request on the call's own stream (older revisions). Resolves to whether it does not wait any more. */
export async function askOnStream(
  pending: PendingApprovals,
  ctx: ServerContext,
  context: CallContext,
): Promise<boolean> {
  const [approval] = pending.approvals;
  if (approval === undefined) return false;
  const { agent_id, turn_id } = pending;
  const approvalId = approval.approval_id;
  const asking = new AbortController();
  const decidedByOthers = new AbortController();
  void untilDecided({ agent_id, turn_id, approvalId }, context, asking.signal).then(() => decidedByOthers.abort());
  try {
    const response = await ctx.mcpReq.send(
      { method: "elicitation/create", params: approvalForm(approval, agent_id) },
      {
        signal: AbortSignal.any([ctx.mcpReq.signal, decidedByOthers.signal]),
        timeout: Math.max(0, approval.expires_at - Date.now()) + GRACE_MS,
      },
    );
    return await handOnAnswers({ [approvalId]: response }, { agent_id, turn_id }, context);
  } catch (error) {
    if (decidedByOthers.signal.aborted) return true;
    context.log.info("an approval was not answered by the client that was asked", { turn_id, error });
    return false;
  } finally {
    asking.abort();
  }
}

interface Decision {
  agent_id: string;
  turn_id: string;
  approvalId: string;
  decision: ApprovalDecision;
}

/** One that comes too late changes nothing, and the client is told who was first. */
async function decide({ agent_id, turn_id, approvalId, decision }: Decision, context: CallContext): Promise<void> {
  const outcome = await agentOf(context, agent_id).answerApproval(turn_id, approvalId, decision);
  if (!outcome.ok) context.onProgress(outcome.message);
}

/** Never resolves where `signal` ends it. */
async function untilDecided(
  { agent_id, turn_id, approvalId }: Omit<Decision, "decision">,
  context: CallContext,
  signal: AbortSignal,
): Promise<void> {
  for (let looks = 1; ; looks++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
    if (signal.aborted) return new Promise(() => {});
    if (looks % LOOKS_PER_NEWS === 0) context.onProgress("Still waiting for the approval");
    try {
      const { approvals } = unwrap(await agentOf(context, agent_id).getTurn(turn_id));
      if (!approvals.some(({ approval_id }) => approval_id === approvalId)) return;
    } catch (error) {
      context.log.warn("lost sight of an approval", { turn_id, error });
    }
  }
}
