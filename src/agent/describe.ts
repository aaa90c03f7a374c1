// How an agent stands, for those who look at it from outside. Looking changes nothing and never starts a container.
import type { RunnerMetrics, TokenUsage } from "../../container/protocol.ts";
import type { AgentState, SessionStatus } from "../lib/agent-report.ts";
import { withTimeout } from "../lib/idle-timeout.ts";
import type { AgentBody, Runner } from "./body.ts";

import type { AgentStore } from "./store/store.ts";
import type { TurnStatus } from "./types.ts";
import { newestProgress } from "./view.ts";

export interface LookOptions {
  /** Ask the runner, if it is up, what its processes use. */
  metrics?: boolean;
  /** Ask it what was accepted for the session. */
  grants?: boolean;
  /** How many of the runner's last log lines to bring. */
  log_lines?: number;
}

export interface AgentDescription {
  state: AgentState;
  /** Turns that wait, without the one at work. */
  queue_length: number;
  /** The turn at work, or the next one. */
  current_turn: {
    turn_id: string;
    tool: string;
    status: TurnStatus;
    started_at: number | null;
    progress: string | null;
  } | null;
  last_error: { turn_id: string; code: string; message: string; at: number } | null;
  tokens_used: TokenUsage;
  /** Null where it was not asked for, and where the container is down or does not answer. */
  metrics: RunnerMetrics | null;
  /** What was accepted for the session. */
  grants: string[];
  log_lines: string[];
}

/** Hexadecimal characters of the Durable Object's id that name a session. */
const SESSION_ID_CHARS = 16;
const RUNNER_TIMEOUT_MS = 2_000;
const LINE_CHARS = 500;

/** Undefined for an agent that was never used. */
export function stateOf(store: AgentStore, body: AgentBody, objectId: string): AgentState | undefined {
  const activity = store.activities.read();
  if (activity === undefined) return undefined;
  const { agent_id, created_at, last_active_at, turns, conversation_id } = activity;
  const container_id = body.current()?.incarnation ?? null;
  return {
    agent_id,
    session_id: objectId.slice(0, SESSION_ID_CHARS),
    status: statusOf(store, container_id !== null),
    container_id,
    created_at,
    last_active_at,
    turns,
    conversation_id,
  };
}

/** Undefined for an agent that was never used. */
export async function describeAgent(
  store: AgentStore,
  body: AgentBody,
  objectId: string,
  look: LookOptions,
): Promise<AgentDescription | undefined> {
  // First what needs the container, then at one moment all that is stored.
  const observed = await askRunner(body.current(), look);
  const state = stateOf(store, body, objectId);
  const activity = store.activities.read();
  if (state === undefined || activity === undefined) return undefined;
  return {
    state,
    ...observed,
    queue_length: store.turns.countQueued(),
    current_turn: currentTurn(store),
    last_error: lastError(store),
    tokens_used: activity.tokens_used,
  };
}

function statusOf({ turns, approvals }: AgentStore, isUp: boolean): SessionStatus {
  const open = turns.firstOpen();
  if (open?.status === "queued") return isUp ? "running" : "starting";
  if (open !== undefined) return approvals.waiting(open.id).length > 0 ? "awaiting_approval" : "running";
  if (isUp) return "idle";
  const last = turns.lastSettled();
  const isBroken = last?.status === "failed" && turns.result(last.id)?.error?.code === "container_unavailable";
  return isBroken ? "failed" : "sleeping";
}

function currentTurn(store: AgentStore): AgentDescription["current_turn"] {
  const row = store.turns.firstOpen();
  if (row === undefined) return null;
  const progress = newestProgress(store, row.id, 1)[0] ?? null;
  return { turn_id: row.id, tool: row.tool, status: row.status, started_at: row.started_at, progress };
}

/** Only as long as its details are kept. */
function lastError({ turns }: AgentStore): AgentDescription["last_error"] {
  const [failed, interrupted] = [turns.lastSettled("failed"), turns.lastSettled("interrupted")];
  const last = (failed?.position ?? 0) > (interrupted?.position ?? 0) ? failed : interrupted;
  const error = last === undefined ? undefined : turns.result(last.id)?.error;
  if (last === undefined || error === undefined || error === null) return null;
  return { turn_id: last.id, code: error.code, message: error.message, at: last.settled_at ?? last.created_at };
}

async function askRunner(
  runner: Runner | undefined,
  look: LookOptions,
): Promise<Pick<AgentDescription, "metrics" | "grants" | "log_lines">> {
  if (runner === undefined) return { metrics: null, grants: [], log_lines: [] };
  const { client } = runner;
  const [metrics, grants, lines] = await Promise.all([
    look.metrics ? withTimeout(client.metrics(), RUNNER_TIMEOUT_MS).catch(() => null) : null,
    look.grants ? withTimeout(client.grants(), RUNNER_TIMEOUT_MS).catch(() => []) : [],
    look.log_lines ? withTimeout(client.logTail(look.log_lines), RUNNER_TIMEOUT_MS).catch(() => []) : [],
  ]);
  return { metrics, grants, log_lines: lines.map((line) => line.slice(0, LINE_CHARS)) };
}
