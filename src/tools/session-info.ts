// How an agent's session is told, and how its present state is looked up.
import type { AgentState, SessionStatus } from "../lib/agent-report.ts";
import { withTimeout } from "../lib/idle-timeout.ts";
import { mapConcurrently } from "../lib/map-concurrently.ts";
import { agentOf, type CallContext } from "./call-context.ts";

export interface SessionInfo {
  session_id: string;
  agent_id: string;
  status: SessionStatus;
  /** The container's present start; absent while it is down. */
  container_id?: string;
  created_at: string;
  last_active_at: string;
  turns: number;
  conversation_id: string | null;
}

const LOOK_AT_ONCE = 10;
const LOOK_TIMEOUT_MS = 1_000;

export function toSessionInfo(state: AgentState): SessionInfo {
  const { session_id, agent_id, status, container_id, turns, conversation_id } = state;
  return {
    session_id,
    agent_id,
    status,
    ...(container_id === null ? {} : { container_id }),
    created_at: new Date(state.created_at).toISOString(),
    last_active_at: new Date(state.last_active_at).toISOString(),
    turns,
    conversation_id,
  };
}

/**
 * The rows as their agents see themselves now. One that sleeps is not woken for it: it reported that itself, and nothing
 * has changed since. Where an agent does not answer in time its row stays as reported.
 */
export function refreshed(rows: readonly AgentState[], context: CallContext): Promise<AgentState[]> {
  return mapConcurrently(rows, LOOK_AT_ONCE, async (row) => {
    if (row.container_id === null && row.status !== "starting") return row;
    try {
      return (await withTimeout(agentOf(context, row.agent_id).sessionState(row.status), LOOK_TIMEOUT_MS)) ?? row;
    } catch (error) {
      context.log.warn("an agent did not tell its state", { agent_id: row.agent_id, error });
      return row;
    }
  });
}

/** One line of a list. */
export function sessionLine({ agent_id, status, turns, last_active_at }: SessionInfo): string {
  return `- ${agent_id}: ${status}, ${turns} turn(s), last active ${last_active_at}`;
}
