// Puts an agent that nobody uses to rest, and deletes all it has where that is wanted. One with work to do is left alone.
import type { AgentState } from "../lib/agent-report.ts";
import type { AgentStore } from "./store/store.ts";

export interface RetireRequest {
  /** Left alone where it was active after this time (Unix, ms). */
  inactive_since: number;
  delete_data: boolean;
  /** Only say what would be done. */
  dry_run: boolean;
}

/** `reason` is for people: why it was left. */
export type Retirement =
  | { action: "left"; reason: string }
  | { action: "stopped"; deleted: boolean; last_active_at: number }
  /** There is no such agent. */
  | { action: "unknown" };

export interface RetireParts {
  store: AgentStore;
  state(): AgentState | undefined;
  isBusy(): boolean;
  areFilesInUse(): boolean;
  /** Lets the container end as an idle one does. */
  sleep(): Promise<void>;
  /** Ends the container, deletes its disk and everything that is stored. No turn is taken in from here on. */
  erase(): Promise<void>;
}

/** Throws `container_unavailable` where the agent's disk could not be deleted; then nothing else is. */
export async function retire(parts: RetireParts, request: RetireRequest): Promise<Retirement> {
  const state = parts.state();
  if (state === undefined) return { action: "unknown" };
  const reason = reasonToLeave(parts, state, request);
  if (reason !== undefined) return { action: "left", reason };
  const done = { action: "stopped", deleted: request.delete_data, last_active_at: state.last_active_at } as const;
  if (request.dry_run) return done;
  if (request.delete_data) await parts.erase();
  else await parts.sleep();
  return done;
}

function reasonToLeave(parts: RetireParts, state: AgentState, request: RetireRequest): string | undefined {
  const { store, isBusy, areFilesInUse } = parts;
  const open = store.turns.firstOpen();
  if (open?.status === "queued") return "a turn is queued";
  if (open === undefined && areFilesInUse()) return "its files are in use";
  if (open !== undefined || isBusy()) return "a turn is at work";
  if (state.last_active_at > request.inactive_since) return "active too recently";
  if (state.container_id === null && !request.delete_data) return "its container is not up";
  return undefined;
}
