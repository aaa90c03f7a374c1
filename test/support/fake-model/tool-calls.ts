// Tool calls in the two ways in which models call Codex's tools; names and arguments as in the specs that Codex sends.
import { makeCallId, type ToolStyle } from "./conversation.ts";
import type { RunStep, ToolStep } from "./script.ts";

export type ToolCallItem = { id: string; type: string; status: "completed"; call_id: string; name: string } & (
  | { type: "function_call"; arguments: string }
  | { type: "custom_tool_call"; input: string }
);

/** The output items of one response; each of them yields one output in the next request. */
export function toolCallItems(
  step: ToolStep | { calls: ToolStep[] },
  stepIndex: number,
  style: ToolStyle,
): ToolCallItem[] {
  const calls = "calls" in step ? step.calls : [step];
  // A code-mode model is told that there are no parallel tool calls; it makes them inside one script.
  if (style === "code") return [customCall("exec", scriptFor(calls), stepIndex)];
  return calls.map((call) =>
    "run" in call
      ? functionCall("exec_command", execArguments(call), stepIndex)
      : customCall("apply_patch", call.patch, stepIndex),
  );
}

function execArguments({ run, yieldMs, escalate }: RunStep): object {
  return {
    cmd: run,
    ...(yieldMs !== undefined && { yield_time_ms: yieldMs }),
    ...(escalate !== undefined && { sandbox_permissions: "require_escalated", justification: escalate }),
  };
}

function scriptFor(calls: ToolStep[]): string {
  const expressions = calls.map((call) =>
    "run" in call
      ? `tools.exec_command(${JSON.stringify(execArguments(call))})`
      : `tools.apply_patch(${JSON.stringify(call.patch)})`,
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
