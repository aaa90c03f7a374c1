// For whom, and for which turn, a container asks the model gateway.
import type { AgentStore } from "./store/store.ts";

export interface ModelRequester {
  user_id: string;
  /** Null while no turn is at work. */
  turn_id: string | null;
}

/** Null where the secret is not that of the running container. */
export async function modelRequester(store: AgentStore, secret: string): Promise<ModelRequester | null> {
  const identity = store.conversations.identity();
  const isKnown = await store.incarnations.isModelSecret(secret);
  if (!isKnown || identity === undefined) return null;
  const turn = store.turns.firstOpen();
  return { user_id: identity.user_id, turn_id: turn?.status === "running" ? turn.id : null };
}
