// Tool calls in the two ways in which models call Codex's tools; names and arguments as in the specs that Codex sends.
import { type Conversation, makeCallId } from "./conversation.ts";
import type { PatchStep, RunStep, ToolStep } from "./script.ts";

export type ToolCallItem = { id: string; type: string; status: "completed"; call_id: string; name: string } & (
  | { type: "function_call"; arguments: string }
  | { type: "custom_tool_call"; input: string }
);

type Placed<Step> = Step & { environment: string | undefined };

/** The output items of one response; each of them yields one output in the next request. */
export function toolCallItems(
  step: ToolStep | { calls: ToolStep[] },
  stepIndex: number,
  { toolStyle, otherEnvironment }: Pick<Conversation, "toolStyle" | "otherEnvironment">,
): ToolCallItem[] {
  const calls = ("calls" in step ? step.calls : [step]).map((call) => ({ ...call, environment: otherEnvironment }));
  // A code-mode model is told that there are no parallel tool calls; it makes them inside one script.
  if (toolStyle === "code") return [customCall("exec", scriptFor(calls), stepIndex)];
  return calls.map((call) =>
    "run" in call
      ? functionCall("exec_command", execArguments(call), stepIndex)
      : customCall("apply_patch", patchText(call), stepIndex),
  );
}

function execArguments({ run, yieldMs, escalate, environment }: Placed<RunStep>): object {
  return {
    cmd: run,
    ...(yieldMs !== undefined && { yield_time_ms: yieldMs }),
    ...(escalate !== undefined && (environment === undefined ? escalated(escalate) : { environment_id: environment })),
  };
}

function escalated(justification: string): object {
  return { sandbox_permissions: "require_escalated", justification };
}

function patchText({ patch, environment }: Placed<PatchStep>): string {
  if (environment === undefined) return patch;
  return patch.replace("*** Begin Patch\n", (begin) => `${begin}*** Environment ID: ${environment}\n`);
}

function scriptFor(calls: Placed<ToolStep>[]): string {
  const expressions = calls.map((call) =>
    "run" in call
      ? `tools.exec_command(${JSON.stringify(execArguments(call))})`
      : `tools.apply_patch(${JSON.stringify(patchText(call))})`,
  );
  if (expressions.length === 1) return `text(await ${expressions[0]});`;
  return `for (const result of await Promise.all([${expressions.join(", ")}])) text(result);`;
}

function functionCall(name: string, args: object, stepIndex: number): ToolCallItem {
  return { ...callFields(name, stepIndex, "fc"), type: "function_call", arguments: JSON.stringify(args) };
}

function customCall(name: string, input: string, stepIndex: number): ToolCallItem {
  return { ...callFields(name, stepIndex, "ctc"), type: "custom_tool_call", input };
}

function callFields(name: string, stepIndex: number, idPrefix: string) {
  return {
    id: `${idPrefix}_${crypto.randomUUID()}`,
    status: "completed" as const,
    call_id: makeCallId(stepIndex),
    name,
  };
}
