// A turn as its callers see it, put together from what is stored.

import { AppError } from "../errors.ts";
import { progressLine } from "./progress.ts";
import type { AgentStore } from "./store/store.ts";
import type { TurnRow } from "./store/turns.ts";
import { type DecidedApproval, isSettled, type TurnView, type WatchLine } from "./types.ts";

const PROGRESS_LINES = 10;

/** Throws `not_found` for a turn whose result is no longer kept. */
export function viewOf(store: AgentStore, row: TurnRow): TurnView {
  const approvals = isSettled(row.status) ? [] : store.approvals.waiting(row.id);
  const result = isSettled(row.status) ? store.turns.result(row.id) : undefined;
  if (isSettled(row.status) && result === undefined) throw expired(row);
  return {
    turn_id: row.id,
    agent_id: store.conversations.identity()?.agent_id ?? "",
    conversation_id: row.conversation_id,
    tool: row.tool,
    status: approvals.length > 0 ? "awaiting_approval" : row.status,
    queue_position: row.status === "queued" ? store.turns.openBefore(row.position) : 0,
    progress: result === undefined ? progressOf(store, row.id, 0).slice(-PROGRESS_LINES).map(messageOf) : [],
    approvals,
    decided: decidedOf(store, row.id),
    answer: result?.answer ?? null,
    error: result?.error ?? null,
    evidence: result?.evidence ?? null,
    usage: result?.usage ?? null,
    created_at: row.created_at,
    started_at: row.started_at,
    settled_at: row.settled_at,
  };
}

/** The progress lines of a turn with numbers above `after`. */
export function progressOf(
  store: AgentStore,
  turnId: string,
  after: number,
): Extract<WatchLine, { type: "progress" }>[] {
  return store.turns.events(turnId, after).flatMap(({ seq, body }) => {
    const message = progressLine(body);
    return message === undefined ? [] : [{ type: "progress" as const, seq, message }];
  });
}

function decidedOf({ approvals }: AgentStore, turnId: string): DecidedApproval[] {
  return approvals.list(turnId).flatMap(({ approval: { approval_id }, decision, decided_by }) => {
    return decision === null ? [] : [{ approval_id, decision, by: decided_by ?? "person" }];
  });
}

function expired({ status, settled_at }: TurnRow): AppError {
  const when = new Date(settled_at ?? 0).toISOString();
  const message = `This turn was ${status} at ${when}; its result has expired and was deleted (RESULT_TTL_SECONDS).`;
  return new AppError("not_found", `${message} The conversation still knows it: ask with the chat tool.`);
}

function messageOf({ message }: { message: string }): string {
  return message;
}
