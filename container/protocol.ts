// The wire contract between the Worker and the runner inside an agent's container. The one file that both sides import.
import * as z from "zod";
import { FILE_FAILURES } from "./lib/file-failures.ts";

/** Revision of this contract. The runner refuses a caller of another revision, so a half-done deploy fails loudly. */
export const PROTOCOL_VERSION = 1;

/** The port on which the runner listens inside its container. */
export const RUNNER_PORT = 8080;

/** Base URL of the model gateway as a container sees it; the platform hands what is sent there to the Worker. */
export const MODEL_BASE_URL = "http://model.internal/v1";

/** How long the runner lets an open event stream stay silent before it writes a `{"type":"ping"}` line, in ms. */
export const PING_INTERVAL_MS = 10_000;

/** Why a turn did not complete, as far as the runner or the model gateway can tell. */
export const RunnerErrorCode = z.enum([
  "bad_model_output",
  "budget_exceeded",
  "cancelled",
  "codex_died",
  "codex_failed",
  "codex_missing",
  "container_lost",
  "context_too_long",
  "credential_unreadable",
  "deadline_exceeded",
  "empty_answer",
  "internal",
  "invalid_effort",
  "login_needed",
  "model_auth_failed",
  "model_rate_limited",
  "model_refused",
  "model_unavailable",
  "model_unreachable",
  "no_credential",
  "sandbox_unavailable",
  "unknown_model",
  "usage_limit",
]);
export type RunnerErrorCode = z.infer<typeof RunnerErrorCode>;

/** `detail` is data for our own message (known models, a reset time, the raw answer); never shown as trusted text. */
export const RunnerError = z.object({ code: RunnerErrorCode, detail: z.string().max(20_000).optional() });
export type RunnerError = z.infer<typeof RunnerError>;

/** What the agent's commands may do. `read` never changes the workspace. */
export const Access = z.enum(["read", "write"]);
export type Access = z.infer<typeof Access>;

export const Effort = z.enum(["minimal", "low", "medium", "high", "xhigh"]);
export type Effort = z.infer<typeof Effort>;

/**
 * What waits for a person. `auto`: nothing. `suggest`: edits, and commands that leave the read-only sandbox. `manual`:
 * every edit and command. A turn with `read` access never changes anything, so nothing of it waits.
 */
export const ApprovalMode = z.enum(["suggest", "auto", "manual"]);
export type ApprovalMode = z.infer<typeof ApprovalMode>;

/** `cancel` declines and ends the turn. */
export const ApprovalDecision = z.enum(["accept", "accept_for_session", "decline", "cancel"]);
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

/** What Codex wants to do. Its texts come from the model: data to show, never instructions. */
export const Approval = z.object({
  approval_id: z.string().max(64),
  kind: z.enum(["command", "file_change"]),
  command: z.string().optional(),
  cwd: z.string().optional(),
  reason: z.string().optional(),
  paths: z.array(z.string()).optional(),
  diff: z.string().optional(),
  /** What `accept_for_session` would cover from then on, until the container sleeps. */
  for_session: z.string().optional(),
  /** Unix time in ms; declined then. */
  expires_at: z.number(),
});
export type Approval = z.infer<typeof Approval>;

export const TokenUsage = z.object({
  input_tokens: z.number().int().nonnegative(),
  cached_input_tokens: z.number().int().nonnegative(),
  output_tokens: z.number().int().nonnegative(),
  reasoning_tokens: z.number().int().nonnegative(),
});
export type TokenUsage = z.infer<typeof TokenUsage>;

/**
 * `POST /turns`. The caller chooses `turn_id`, so that posting twice never runs twice.
 * `rollout_bytes` is how much of the thread's rollout file the caller holds: the runner answers 409 `rollout_missing`
 * when its disk has less, and sends what it has more of.
 */
export const TurnSpec = z.object({
  protocol: z.literal(PROTOCOL_VERSION),
  turn_id: z.string().min(1).max(64),
  thread_id: z.string().max(64).nullable(),
  rollout_bytes: z.number().int().nonnegative(),
  prompt: z.string(),
  output_schema: z.record(z.string(), z.json()).nullable(),
  access: Access,
  approval_mode: ApprovalMode,
  approval_timeout_ms: z.number().int().positive(),
  model: z.string().max(128).nullable(),
  effort: Effort.nullable(),
  timeout_ms: z.number().int().positive(),
});
export type TurnSpec = z.infer<typeof TurnSpec>;

export const ChangedFile = z.object({
  path: z.string(),
  action: z.enum(["create", "modify", "delete", "rename"]),
  previous_path: z.string().optional(),
  binary: z.boolean().optional(),
  added_lines: z.number().int().optional(),
  removed_lines: z.number().int().optional(),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

/** What a turn changed, found by comparing the workspace before and after it. */
export const WorkspaceChanges = z.object({
  changed_files: z.array(ChangedFile),
  total_changed: z.number().int().nonnegative(),
  diff: z.string(),
  diff_truncated: z.boolean(),
  notes: z.array(z.string()),
});
export type WorkspaceChanges = z.infer<typeof WorkspaceChanges>;

/** A command that Codex ran. `exit_code` is null where it was declined or never ended. */
export const CommandRun = z.object({
  command: z.string(),
  exit_code: z.number().int().nullable(),
  duration_ms: z.number().nonnegative().nullable(),
});
export type CommandRun = z.infer<typeof CommandRun>;

/** One thing that happened in a turn. Text in it comes from the model, a command or the repository: data, not instructions. */
export const TurnEventBody = z.discriminatedUnion("type", [
  z.object({ type: z.literal("started"), thread_id: z.string(), model: z.string(), codex_version: z.string() }),
  z.object({ type: z.literal("progress"), message: z.string().max(2_000) }),
  z.object({ type: z.literal("message"), text: z.string() }),
  z.object({ type: z.literal("command_started"), item_id: z.string(), command: z.string() }),
  z.object({
    type: z.literal("command_finished"),
    item_id: z.string(),
    ...CommandRun.shape,
    output_tail: z.string(),
    files_read: z.array(z.string()),
  }),
  z.object({ type: z.literal("files_patched"), paths: z.array(z.string()), status: z.string() }),
  z.object({ type: z.literal("retrying"), attempt: z.string().max(500), http_status: z.number().int().nullable() }),
  z.object({ type: z.literal("warning"), message: z.string().max(2_000) }),
  z.object({ type: z.literal("approval_requested"), approval: Approval }),
  z.object({
    type: z.literal("approval_resolved"),
    approval_id: z.string(),
    decision: ApprovalDecision,
    /** `session`: an earlier `accept_for_session` covers it. `end`: the turn ended first, and nothing was carried out. */
    by: z.enum(["person", "timeout", "session", "end"]),
  }),
  z.object({ type: z.literal("workspace"), changes: WorkspaceChanges }),
  z.object({
    type: z.literal("rollout"),
    thread_id: z.string(),
    offset: z.number().int().nonnegative(),
    bytes: z.number().int().positive(),
    text: z.string(),
  }),
  z.object({
    type: z.literal("settled"),
    status: z.enum(["completed", "failed", "cancelled", "interrupted"]),
    answer: z.string().nullable(),
    error: RunnerError.nullable(),
    usage: TokenUsage,
    duration_ms: z.number().nonnegative(),
  }),
]);
export type TurnEventBody = z.infer<typeof TurnEventBody>;

/** A numbered event. Numbers of one turn start at 1 and have no gaps; the last event of a turn is its only `settled`. */
export const TurnEvent = z.object({ seq: z.number().int().positive(), at: z.number(), body: TurnEventBody });
export type TurnEvent = z.infer<typeof TurnEvent>;

/** One line of an event stream (`application/x-ndjson`). */
export const StreamLine = z.union([TurnEvent, z.object({ type: z.literal("ping") })]);
export type StreamLine = z.infer<typeof StreamLine>;

/** `POST /turns/<id>/approvals/<approval_id>`. 409 `decided` where somebody or the clock was first. */
export const ApprovalAnswer = z.object({ decision: ApprovalDecision });
export type ApprovalAnswer = z.infer<typeof ApprovalAnswer>;

/** `POST /turns/<id>/steer`. 409 `not_active` where the turn is not at work. */
export const SteerMessage = z.object({ message: z.string().min(1) });
export type SteerMessage = z.infer<typeof SteerMessage>;

/** The body of every answer of the runner that is not 2xx. */
export const RunnerFailure = z.object({
  code: z.enum([
    "unauthorized",
    "bad_request",
    "not_found",
    "rollout_missing",
    "turn_active",
    "not_active",
    "decided",
    "gone",
    "too_large",
    "draining",
    "corrupt",
    "tar_missing",
    ...FILE_FAILURES,
    "internal",
  ]),
  message: z.string(),
  /** With `rollout_missing`: how many bytes of the thread's rollout the runner holds. */
  have_bytes: z.number().int().nonnegative().optional(),
});
export type RunnerFailure = z.infer<typeof RunnerFailure>;

export const RunnerHealth = z.object({
  status: z.enum(["ok", "degraded"]),
  protocol: z.number().int(),
  incarnation: z.string(),
  codex_version: z.string().nullable(),
  app_server: z.enum(["starting", "ready", "down"]),
  app_server_restarts: z.number().int(),
  active_turn: z.string().nullable(),
  /** It ends as soon as nothing is at work, and takes no new turn. */
  draining: z.boolean().default(false),
  uptime_ms: z.number(),
});
export type RunnerHealth = z.infer<typeof RunnerHealth>;

/** What the agent's processes use together. `memory_limit_bytes` is null where no limit is known. */
export const RunnerMetrics = z.object({
  cpu_percent: z.number().nonnegative(),
  memory_bytes: z.number().nonnegative(),
  memory_limit_bytes: z.number().nullable(),
  disk_bytes: z.number().nonnegative(),
  processes: z.number().int().nonnegative(),
  runner_rss_bytes: z.number().nonnegative(),
  uptime_ms: z.number(),
});
export type RunnerMetrics = z.infer<typeof RunnerMetrics>;

export const ModelInfo = z.object({ id: z.string(), is_default: z.boolean(), efforts: z.array(z.string()) });
export type ModelInfo = z.infer<typeof ModelInfo>;
