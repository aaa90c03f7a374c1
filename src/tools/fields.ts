// Parameters and their limits, shared by the tools. A description is what the calling model reads: it says what to send.
import * as z from "zod";
import { Effort } from "../../container/protocol.ts";

/** As much as Codex takes in one message (observed with 0.169). */
const MAX_TEXT_CHARS = 1024 * 1024;
const MAX_ITEMS = 1_000;

/** NUL and other C0 controls save tab, newline and carriage return: nothing a person types, and traps in logs and shells. */
const CONTROL = /[^\P{Cc}\t\n\r]/u;

/** Half a surrogate pair, as of a text that was cut, is no text to those who come after us: it becomes U+FFFD. */
export const Text = z
  .string()
  .overwrite((text) => text.toWellFormed())
  .min(1, "must not be empty")
  .max(MAX_TEXT_CHARS, `must not exceed ${MAX_TEXT_CHARS} characters`);

export const AgentId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    "must be 1 to 64 letters, digits, dots, underscores or dashes, and start with a letter or digit",
  );

export const TurnId = z.string().regex(/^turn_[0-9a-z]{1,40}$/, "must be a turn_id from an earlier result");

export const CheckpointId = z
  .string()
  .regex(/^ckpt_[0-9a-z]{1,40}$/, "must be a checkpoint_id from list_checkpoints or rollback");

export const OwnAgentId = AgentId.default("default");

/** Parameters of every list that comes page by page. */
export const PageParameters = z.strictObject({
  cursor: z.string().max(256).optional(),
  limit: z.number().int().min(1).max(200).default(50),
});

/** A path inside the agent's workspace. */
export const WorkspacePath = z
  .string()
  .min(1, "must not be empty")
  .max(4_096, "must not exceed 4096 characters")
  .refine((path) => !CONTROL.test(path) && !/[\n\r]/.test(path), "must not hold control characters")
  .refine((path) => path.isWellFormed(), "must be valid Unicode")
  .refine((path) => !/^(?:[/\\~]|[A-Za-z]:)/.test(path), "must be relative to the workspace")
  .refine((path) => !path.split(/[/\\]/).includes(".."), 'must not hold ".."');

export const Texts = z.array(Text).max(MAX_ITEMS, `must not hold more than ${MAX_ITEMS} items`);
export const WorkspacePaths = z.array(WorkspacePath).max(MAX_ITEMS, `must not hold more than ${MAX_ITEMS} items`);

const MAX_DEPTH = 20;

/** Any JSON object, as deep as a person would nest one: what is deeper could not be written out again. */
export const JsonObject = z
  .record(z.string(), z.unknown())
  .refine((value) => isWithin(value, MAX_DEPTH), `must not be nested more than ${MAX_DEPTH} levels deep`);

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isWithin(inner, depth - 1));
}

/** Parameters of every tool that runs Codex. */
export const TurnParameters = z.object({
  agent_id: AgentId.default("default"),
  conversation_id: z
    .string()
    .regex(/^(?:new|conv_[0-9a-z]{1,40})$/, 'must be "new" or an id from an earlier result')
    .optional()
    .describe('An earlier one, or "new"; default: the current one'),
  model: z
    .string()
    .regex(/^\w[\w.:/-]{0,127}$/, "must be a model name")
    .optional(),
  effort: Effort.optional(),
  wait_seconds: z.number().int().min(0).max(3_600).optional(),
  request_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 visible ASCII characters")
    .optional()
    .describe("The same key never runs twice"),
});
export type TurnParameters = z.infer<typeof TurnParameters>;
