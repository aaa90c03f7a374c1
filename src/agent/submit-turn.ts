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

/** Throws `not_found` for an unknown conversation and `busy` for a full queue. */
export function submitTurn(store: AgentStore, request: TurnRequest): TurnRow {
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

/** Whether the request would be the agent's only open turn. One that joins an earlier request starts nothing. */
export function needsContainer({ turns }: AgentStore, { request_id }: TurnRequest): boolean {
  if (request_id !== null && turns.findByRequestId(request_id) !== undefined) return false;
  return turns.firstOpen() === undefined;
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
