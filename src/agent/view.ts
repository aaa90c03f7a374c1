// A turn as its callers see it, put together from what is stored.

import { progressLine } from "./progress.ts";
import type { AgentStore } from "./store/store.ts";
import type { TurnRow } from "./store/turns.ts";
import type { WatchLine } from "./types.ts";
import { isSettled, type TurnView } from "./types.ts";

const PROGRESS_LINES = 10;

export function viewOf(store: AgentStore, row: TurnRow): TurnView {
  const result = isSettled(row.status) ? store.turns.result(row.id) : undefined;
  return {
    turn_id: row.id,
    agent_id: store.conversations.identity()?.agent_id ?? "",
    conversation_id: row.conversation_id,
    tool: row.tool,
    status: row.status,
    queue_position: row.status === "queued" ? store.turns.openBefore(row.position) : 0,
    progress: result === undefined ? progressOf(store, row.id, 0).slice(-PROGRESS_LINES).map(messageOf) : [],
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

function messageOf({ message }: { message: string }): string {
  return message;
}
