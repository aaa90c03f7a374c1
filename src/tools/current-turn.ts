// The turn that an agent works on, as those tools tell it that show agents.
import type { AgentDescription } from "../agent/describe.ts";

export interface CurrentTurn {
  turn_id: string;
  tool: string;
  status: string;
  started_at: string | null;
  /** The newest line of its progress. */
  progress: string | null;
}

export function toCurrentTurn(turn: AgentDescription["current_turn"]): CurrentTurn | null {
  if (turn === null) return null;
  return { ...turn, started_at: turn.started_at === null ? null : new Date(turn.started_at).toISOString() };
}
