// Accepts a turn: joins one that was sent before under the same key, or writes a new one down in its conversation.
import { AppError } from "../errors.ts";
import type { Conversation } from "./store/conversations.ts";
import type { AgentStore } from "./store/store.ts";
import type { TurnRow } from "./store/turns.ts";
import type { TurnRequest } from "./types.ts";

/** Enough for any sensible backlog; above it a caller that loops is told so. */
const MAX_OPEN_TURNS = 50;

/** How soon an accepted turn is looked for again where nothing else keeps the object awake. */
export const RESUME_AFTER_S = 15;

export interface Admission {
  lease: { assertShare(): void; acquire(userId: string): Promise<void> };
  /** Throws `budget_exceeded`. */
  assertTokensLeft(userId: string): Promise<void>;
  isUp(): boolean;
}

/**
 * Throws `busy` where there is no room for the turn, and `budget_exceeded`. A request that was accepted before is joined all the
 * same: it starts nothing.
 */
export async function admitTurn(store: AgentStore, request: TurnRequest, admission: Admission): Promise<TurnRow> {
  const { lease, assertTokensLeft, isUp } = admission;
  const isKnown = request.request_id !== null && store.turns.findByRequestId(request.request_id) !== undefined;
  if (!isKnown) {
    lease.assertShare();
    if (store.turns.firstOpen() === undefined && !isUp()) {
      await assertTokensLeft(request.user_id);
      await lease.acquire(request.user_id);
    }
  }
  return submitTurn(store, request);
}

/** Throws `not_found` for an unknown conversation and `busy` for a full queue. */
function submitTurn(store: AgentStore, request: TurnRequest): TurnRow {
  return store.transaction(() => {
    const { turns, conversations } = store;
    conversations.introduce(request);
    const joined = request.request_id === null ? undefined : turns.findByRequestId(request.request_id);
    if (joined !== undefined) return joined;
    if (turns.openBefore(Number.MAX_SAFE_INTEGER) >= MAX_OPEN_TURNS) {
      const message = `This agent has ${MAX_OPEN_TURNS} turns waiting. Wait for some of them, or use another agent_id.`;
      throw new AppError("busy", message);
    }
    return turns.accept(request, chooseConversation(store, request.conversation_id).id);
  });
}

function chooseConversation({ conversations }: AgentStore, wanted: string | null): Conversation {
  if (wanted === null) return conversations.current();
  if (wanted === "new") return conversations.begin();
  const found = conversations.find(wanted);
  if (found === undefined) {
    throw new AppError("not_found", 'This agent has no such conversation. Leave conversation_id out, or use "new".');
  }
  conversations.makeCurrent(found.id);
  return found;
}
