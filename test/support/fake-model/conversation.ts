// Reads a Responses API request as Codex sends it: what was asked last, how far its script has come, how tools are called.
import type { JsonSchema } from "./schema-instance.ts";

/** "function": a `tools` array with exec_command; "code": one `exec` tool that takes JavaScript (gpt-5.6 and later). */
export type ToolStyle = "function" | "code";

export type Conversation = {
  model: string;
  threadId: string;
  /** The text of the last user message that a person or a caller wrote. */
  promptText: string;
  /** Where that message stands in the input; tells two turns with the same text apart. */
  promptIndex: number;
  /** Index of the first step whose outcome is not yet in the history. */
  nextStep: number;
  toolStyle: ToolStyle;
  /** Where commands run besides the primary environment: what is escalated, and patches, go there. */
  otherEnvironment?: string;
  outputSchema?: JsonSchema;
};

type InputItem = { type?: string; role?: string; call_id?: string; content?: unknown };
type RequestBody = {
  model?: string;
  prompt_cache_key?: string;
  input?: InputItem[] | string;
  tools?: { name?: string }[];
  text?: { format?: { schema?: JsonSchema } };
};

const otherEnvironmentPattern = /<environment id="([^"]+)" primary="false">/;
const callIdPattern = /^call_step(\d+)_/;

// Codex writes these into the history as user messages, some of them after the prompt of the turn.
const writtenByCodex = /^\s*(<(environment_context|turn_aborted|skill|user_instructions)>|# AGENTS\.md instructions)/;

/** Call ids carry the index of their step: that is how a later request tells how far the turn has come. */
export function makeCallId(step: number): string {
  return `call_step${step}_${crypto.randomUUID().slice(0, 13)}`;
}

export function readConversation(body: unknown): Conversation {
  const request: RequestBody = body !== null && typeof body === "object" ? body : {};
  const input = itemsOf(request.input);
  const promptIndex = input.findLastIndex(isPrompt);
  const outputSchema = request.text?.format?.schema;
  const context = textOf(input.findLast((item) => textOf(item).includes("<environments>")));
  const otherEnvironment = otherEnvironmentPattern.exec(context.slice(context.lastIndexOf("<environments>")))?.[1];
  return {
    model: request.model ?? "",
    threadId: request.prompt_cache_key ?? "",
    promptText: textOf(input[promptIndex]),
    promptIndex,
    nextStep: nextStepAfter(input.slice(promptIndex + 1)),
    toolStyle: input.some(({ type }) => type === "additional_tools") ? "code" : "function",
    ...(otherEnvironment !== undefined && { otherEnvironment }),
    ...(outputSchema && { outputSchema }),
  };
}

function itemsOf(input: RequestBody["input"]): InputItem[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  return Array.isArray(input) ? input : [];
}

function isPrompt(item: InputItem): boolean {
  return item.role === "user" && (item.type ?? "message") === "message" && !writtenByCodex.test(textOf(item));
}

function textOf(item: InputItem | undefined): string {
  const content = item?.content;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const parts: { text?: string }[] = content;
  return parts.flatMap(({ text }) => text ?? []).join("\n");
}

/**
 * One past the highest step that has an output. Not a count: parallel calls have several outputs, JavaScript may add more
 * by `notify()`, and untrusted context arrives as an output that belongs to no call at all.
 */
function nextStepAfter(items: InputItem[]): number {
  const done = items.map(({ type, call_id = "" }) => {
    const step = type?.endsWith("_call_output") ? callIdPattern.exec(call_id)?.[1] : undefined;
    return step === undefined ? -1 : Number(step);
  });
  return Math.max(-1, ...done) + 1;
}
