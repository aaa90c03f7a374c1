// What callers of an agent send and see. Plain data: it crosses the Durable Object's RPC.
import type {
  Access,
  Approval,
  ApprovalMode,
  ChangedFile,
  CommandRun,
  Effort,
  TokenUsage,
} from "../../container/protocol.ts";
import type { ErrorCode } from "../errors.ts";

export interface TurnRequest {
  user_id: string;
  agent_id: string;
  /** The tool that made the prompt; its name only. */
  tool: string;
  prompt: string;
  /** JSON Schema that the answer must fit; null for free text. */
  output_schema: Readonly<Record<string, Json>> | null;
  access: Access;
  /** Null: the catalogue's default. */
  model: string | null;
  effort: Effort | null;
  /** An id, `"new"`, or null for the agent's current conversation. */
  conversation_id: string | null;
  /** Idempotency key: the same key joins the first call's turn. */
  request_id: string | null;
  timeout_ms: number;
  approval_mode: ApprovalMode;
  approval_timeout_ms: number;
  correlation_id: string;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type OpenStatus = "queued" | "running";
export type SettledStatus = "completed" | "failed" | "cancelled" | "interrupted";
export type TurnStatus = OpenStatus | SettledStatus;

/** What was observed in a turn, never what the model claims. */
export interface Evidence {
  diff?: string;
  /** Only where `diff` leaves something out; it says itself what. */
  diff_truncated?: boolean;
  changed_files: ChangedFile[];
  /** Only where `changed_files` was cut. */
  total_changed_files?: number;
  commands: CommandRun[];
  /** Only where `commands` was cut. */
  total_commands?: number;
  files_read: string[];
  /** Null where the turn ended before Codex began. */
  model: string | null;
  codex_version: string | null;
  denied_hosts: string[];
  /** What a person, or the clock, decided. */
  approvals: DecidedApproval[];
  notes: string[];
}

export interface DecidedApproval {
  approval_id: string;
  decision: string;
  by: string;
}

export interface TurnFailure {
  code: ErrorCode;
  message: string;
}

export interface TurnView {
  turn_id: string;
  agent_id: string;
  conversation_id: string;
  tool: string;
  status: TurnStatus | "awaiting_approval";
  /** How many turns of this agent go first; 0 once it runs. */
  queue_position: number;
  /** The newest progress lines, oldest first. */
  progress: string[];
  /** What waits for a person. */
  approvals: Approval[];
  /** What was decided so far. */
  decided: DecidedApproval[];
  /** The model's last message: JSON that fits the request's schema. Only when `completed`. */
  answer: string | null;
  error: TurnFailure | null;
  evidence: Evidence | null;
  usage: TokenUsage | null;
  /** Unix time in ms. */
  created_at: number;
  started_at: number | null;
  settled_at: number | null;
}

/** One line (NDJSON) of {@link CodexAgent.watchTurn}. The last one is `view`, once the turn has settled. */
export type WatchLine =
  | { type: "progress"; seq: number; message: string }
  | { type: "approval"; seq: number; approval_id: string }
  | { type: "view"; view: TurnView };

export function isSettled(status: TurnView["status"]): status is SettledStatus {
  return status !== "queued" && status !== "running" && status !== "awaiting_approval";
}
