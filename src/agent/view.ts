// A turn as its callers see it, put together from what is stored.

import { AppError } from "../errors.ts";
import { progressLine } from "./progress.ts";
import type { AgentStore } from "./store/store.ts";
import type { TurnRow } from "./store/turns.ts";
import { type DecidedApproval, isSettled, type TurnView, type WatchLine } from "./types.ts";
import type { PastLines } from "./watcher.ts";

/** Lines that a watcher gets at once. */
const PAST_LINES = 50;
const PROGRESS_LINES = 10;
/** Most events have a line. Where the last ones have none, those before them tell nothing new. */
const MAX_LOOKED = 500;

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
    progress: result === undefined ? newestProgress(store, row.id, PROGRESS_LINES) : [],
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

/** The last progress lines of a turn, oldest first. */
export function newestProgress(store: AgentStore, turnId: string, limit: number): string[] {
  const lines: string[] = [];
  let looked = 0;
  for (const { body } of store.turns.newestEvents(turnId)) {
    const message = progressLine(body);
    if (message !== undefined) lines.unshift(message);
    if (lines.length === limit || ++looked === MAX_LOOKED) break;
  }
  return lines;
}

/** Some progress lines with numbers above `after`, and what waits for a person where they are the last ones. */
export function pastOf(store: AgentStore, turnId: string, after: number): PastLines {
  const lines: WatchLine[] = [];
  let last = after;
  for (const { seq, body } of store.turns.events(turnId, after)) {
    last = seq;
    const message = progressLine(body);
    if (message !== undefined) lines.push({ type: "progress", seq, message });
    if (lines.length === PAST_LINES) return { lines, last, isAll: false };
  }
  const waiting = store.approvals
    .waiting(turnId)
    .map(({ approval_id }) => ({ type: "approval" as const, seq: last, approval_id }));
  return { lines: [...lines, ...waiting], last, isAll: true };
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
