// The one shape in which every tool that runs Codex answers, whatever became of its turn.
import * as z from "zod";
import { Approval, ChangedFile, CommandRun, TokenUsage } from "../../container/protocol.ts";
import { evidenceOf } from "../agent/evidence.ts";
import type { TurnFailure, TurnView } from "../agent/types.ts";
import { isRetryable } from "../errors.ts";
import { fromCodexAnswer } from "./codex-schema.ts";
import type { CodexTool } from "./define-tool.ts";

/** `by`: `end` is void, since the turn ended first; `unconfirmed`: nobody knows whether it was carried out. */
const DecidedApprovals = z.array(z.object({ approval_id: z.string(), decision: z.string(), by: z.string() }));

const EvidenceShape = z.object({
  diff: z.string().optional(),
  diff_truncated: z.boolean().optional(),
  changed_files: z.array(ChangedFile),
  total_changed_files: z.number().optional(),
  commands: z.array(CommandRun),
  total_commands: z.number().optional(),
  files_read: z.array(z.string()).optional(),
  model: z.string().nullable(),
  codex_version: z.string().nullable(),
  denied_hosts: z.array(z.string()),
  approvals: DecidedApprovals.optional(),
  notes: z.array(z.string()).optional(),
});

/** A text (counted in characters) or a list (in items) that was shortened. */
const Cut = z.object({ field: z.string(), kept: z.number(), total: z.number() });
export type Cut = z.infer<typeof Cut>;

const Ids = { agent_id: z.string(), conversation_id: z.string(), turn_id: z.string() };

/** `url`: a page where the user can decide. */
const AskedApproval = Approval.extend({ url: z.string() });
export type AskedApproval = z.infer<typeof AskedApproval>;

const Pending = z.object({
  status: z.enum(["running", "awaiting_approval"]),
  ...Ids,
  progress: z.array(z.string()),
  approvals: z.array(AskedApproval).optional(),
  cut: z.array(Cut).optional(),
  next: z.string(),
});

const Failure = z.object({
  status: z.enum(["failed", "cancelled", "interrupted"]),
  // Null where the call was refused before there was a turn.
  agent_id: z.string().nullable(),
  conversation_id: z.string().nullable(),
  turn_id: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }),
  /** What became of all that it asked, where it asked something. */
  approvals: DecidedApprovals.optional(),
});

const Completed = z.object({
  status: z.literal("completed"),
  ...Ids,
  result: z.record(z.string(), z.unknown()),
  evidence: EvidenceShape,
  usage: TokenUsage,
  started_at: z.string(),
  duration_ms: z.number(),
  /** Both only where the answer was too long for a client. */
  cut: z.array(Cut).optional(),
  next: z.string().optional(),
});

export const Envelope = z.discriminatedUnion("status", [Completed, Pending, Failure]);
export type Envelope = z.infer<typeof Envelope>;
export type FailureEnvelope = z.infer<typeof Failure>;

export function isFailure(envelope: Envelope): envelope is FailureEnvelope {
  return envelope.status === "failed" || envelope.status === "cancelled" || envelope.status === "interrupted";
}

/** `origin` is where people reach this server. */
export function toEnvelope(view: TurnView, tool: CodexTool, origin: string): Envelope {
  const ids = { agent_id: view.agent_id, conversation_id: view.conversation_id, turn_id: view.turn_id };
  switch (view.status) {
    case "queued":
    case "running":
      return { status: "running", ...ids, progress: progressOf(view), next: nextStep(view) };
    case "awaiting_approval":
      return {
        status: "awaiting_approval",
        ...ids,
        progress: progressOf(view),
        approvals: view.approvals.map((approval) => ({ ...approval, url: pageOf(approval, view, origin) })),
        next: `Codex waits for a decision. Show it to the user, who can decide at its url; or call answer_approval with turn_id "${view.turn_id}", agent_id "${view.agent_id}", approval_id "${view.approvals[0]?.approval_id}" and the user's decision.`,
      };
    case "failed":
    case "cancelled":
    case "interrupted":
      return {
        ...failureEnvelope(view.error ?? { code: "internal", message: "The turn failed." }, view.status, ids),
        ...(view.decided.length === 0 ? {} : { approvals: view.decided }),
      };
    case "completed":
      return completedEnvelope(view, tool, ids);
  }
}

export function failureEnvelope(
  { code, message }: TurnFailure,
  status: FailureEnvelope["status"] = "failed",
  ids: Partial<Pick<FailureEnvelope, "agent_id" | "conversation_id" | "turn_id">> = {},
): FailureEnvelope {
  const error = { code, message, retryable: isRetryable(code) };
  return { status, agent_id: null, conversation_id: null, turn_id: null, ...ids, error };
}

function completedEnvelope(view: TurnView, tool: CodexTool, ids: z.infer<z.ZodObject<typeof Ids>>): Envelope {
  const evidence = view.evidence ?? evidenceOf([]);
  const result = tool.result.safeParse(parseJson(view.answer));
  if (!result.success) {
    const message = "The model's answer does not fit the tool's present schema. Send the call again.";
    return failureEnvelope({ code: "bad_model_output", message }, "failed", ids);
  }
  const startedAt = view.started_at ?? view.created_at;
  const reconciled = tool.reconcile(result.data, evidence);
  return {
    status: "completed",
    ...ids,
    result: reconciled.result,
    evidence: { ...evidence, notes: [...evidence.notes, ...reconciled.notes] },
    usage: view.usage ?? NO_USAGE,
    started_at: new Date(startedAt).toISOString(),
    duration_ms: (view.settled_at ?? startedAt) - startedAt,
  };
}

function progressOf({ status, queue_position, progress }: TurnView): string[] {
  if (status !== "queued") return progress;
  return [queue_position === 0 ? "Waiting to start" : `Waiting for ${queue_position} earlier turn(s) of this agent`];
}

function pageOf({ approval_id }: Approval, { agent_id, turn_id }: TurnView, origin: string): string {
  return `${origin}/approvals/${agent_id}/${turn_id}/${approval_id}`;
}

function nextStep({ turn_id, agent_id }: TurnView): string {
  return `The turn goes on by itself. Call get_turn with turn_id "${turn_id}" and agent_id "${agent_id}" for its result.`;
}

function parseJson(answer: string | null): unknown {
  try {
    return fromCodexAnswer(JSON.parse(answer ?? ""));
  } catch {
    return undefined;
  }
}

const NO_USAGE: TokenUsage = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_tokens: 0 };
