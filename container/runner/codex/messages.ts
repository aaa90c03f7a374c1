// The part of Codex's protocol that this project relies on, parsed before use. `codex-protocol.test` and the `satisfies`
// checks below hold it against the types generated from the pinned binary (`npm run codex:types`).
import * as z from "zod";
import type { AccountRateLimitsUpdatedNotification } from "./protocol/v2/AccountRateLimitsUpdatedNotification.ts";
import type { CommandExecutionRequestApprovalParams } from "./protocol/v2/CommandExecutionRequestApprovalParams.ts";
import type { FileChangeRequestApprovalParams } from "./protocol/v2/FileChangeRequestApprovalParams.ts";
import type { ModelListResponse } from "./protocol/v2/ModelListResponse.ts";
import type { ThreadItem } from "./protocol/v2/ThreadItem.ts";
import type { ThreadTokenUsageUpdatedNotification } from "./protocol/v2/ThreadTokenUsageUpdatedNotification.ts";
import type { TurnCompletedNotification } from "./protocol/v2/TurnCompletedNotification.ts";
import type { TurnError } from "./protocol/v2/TurnError.ts";

/** Compiles only while every value of Codex's type is also a valid input of our schema. */
type Accepts<Schema extends z.ZodType, Theirs> = Theirs extends z.input<Schema> ? Schema : never;
function accepts<Theirs>() {
  return <Schema extends z.ZodType>(schema: Accepts<Schema, Theirs> & Schema): Schema => schema;
}

export const CodexError = accepts<TurnError>()(
  z.object({ message: z.string(), codexErrorInfo: z.unknown().optional(), additionalDetails: z.string().nullish() }),
);
export type CodexError = z.infer<typeof CodexError>;

const CommandItem = accepts<Extract<ThreadItem, { type: "commandExecution" }>>()(
  z.object({
    type: z.literal("commandExecution"),
    id: z.string(),
    command: z.string(),
    commandActions: z.array(z.looseObject({ type: z.string() })),
    aggregatedOutput: z.string().nullable(),
    exitCode: z.number().nullable(),
    durationMs: z.number().nullable(),
  }),
);
const PatchKind = z.discriminatedUnion("type", [
  z.object({ type: z.literal("add") }),
  z.object({ type: z.literal("delete") }),
  z.object({ type: z.literal("update"), move_path: z.string().nullable() }),
]);
const FileChangeItem = accepts<Extract<ThreadItem, { type: "fileChange" }>>()(
  z.object({
    type: z.literal("fileChange"),
    id: z.string(),
    changes: z.array(z.object({ path: z.string(), kind: PatchKind, diff: z.string() })),
    status: z.string(),
  }),
);
const MessageItem = accepts<Extract<ThreadItem, { type: "agentMessage" }>>()(
  z.object({ type: z.literal("agentMessage"), id: z.string(), text: z.string() }),
);
const ReasoningItem = accepts<Extract<ThreadItem, { type: "reasoning" }>>()(
  z.object({ type: z.literal("reasoning"), id: z.string(), summary: z.array(z.string()) }),
);

/** The items that become events; others (user messages, plans, …) do not parse and are passed over. */
export const Item = z.discriminatedUnion("type", [CommandItem, FileChangeItem, MessageItem, ReasoningItem]);
export type Item = z.infer<typeof Item>;
export type CommandItem = z.infer<typeof CommandItem>;
export type PatchItem = z.infer<typeof FileChangeItem>;

export const CommandApprovalRequest = accepts<CommandExecutionRequestApprovalParams>()(
  z.object({
    command: z.string().nullish(),
    cwd: z.string().nullish(),
    environmentId: z.string().nullish(),
    reason: z.string().nullish(),
  }),
);

export const FileChangeApprovalRequest = accepts<FileChangeRequestApprovalParams>()(
  z.object({ itemId: z.string(), reason: z.string().nullish() }),
);

export const ItemNotification = z.object({ threadId: z.string(), turnId: z.string(), item: Item });

export const ErrorNotification = z.object({
  threadId: z.string(),
  turnId: z.string(),
  error: CodexError,
  willRetry: z.boolean(),
});

const Breakdown = z.object({
  inputTokens: z.number(),
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  reasoningOutputTokens: z.number(),
});
export const TokenUsageNotification = accepts<ThreadTokenUsageUpdatedNotification>()(
  z.object({ threadId: z.string(), turnId: z.string(), tokenUsage: z.object({ total: Breakdown, last: Breakdown }) }),
);
export type Breakdown = z.infer<typeof Breakdown>;

/** `resetsAt` is Unix time in seconds. */
const RateLimitWindow = z.object({ usedPercent: z.number(), resetsAt: z.number().nullable() }).nullable();
export const RateLimitsNotification = accepts<AccountRateLimitsUpdatedNotification>()(
  z.object({ rateLimits: z.object({ primary: RateLimitWindow, secondary: RateLimitWindow }) }),
);

export const TurnCompleted = accepts<TurnCompletedNotification>()(
  z.object({
    threadId: z.string(),
    turn: z.object({ id: z.string(), status: z.string(), error: CodexError.nullable() }),
  }),
);
export type TurnCompleted = z.infer<typeof TurnCompleted>;

export const WarningNotification = z.object({ threadId: z.string().nullish(), message: z.string() });

export const ThreadOpened = z.object({
  thread: z.object({ id: z.string(), path: z.string().nullable() }),
  model: z.string(),
});

export const TurnStarted = z.object({ turn: z.object({ id: z.string() }) });

export const ModelList = accepts<ModelListResponse>()(
  z.object({
    data: z.array(
      z.object({
        id: z.string(),
        isDefault: z.boolean(),
        hidden: z.boolean(),
        supportedReasoningEfforts: z.array(z.object({ reasoningEffort: z.string() })),
      }),
    ),
    nextCursor: z.string().nullish(),
  }),
);
