// What is told about parameters that do not fit: the tool, each parameter, and what is allowed. Never the values.
import type * as z from "zod";
import type { TurnFailure } from "../agent/types.ts";

const MAX_ISSUES = 10;

export function invalidInput(tool: string, { issues }: z.ZodError): TurnFailure {
  const lines = issues.slice(0, MAX_ISSUES).map((issue) => {
    if (issue.code === "unrecognized_keys") return `unknown parameter(s): ${issue.keys.map(shown).join(", ")}`;
    return `${issue.path.map(String).map(shown).join(".") || "parameters"}: ${issue.message}`;
  });
  const rest = issues.length > MAX_ISSUES ? [`and ${issues.length - MAX_ISSUES} more`] : [];
  return refusal(tool, [...lines, ...rest].join("; "));
}

export function refusal(tool: string, problem: string): TurnFailure {
  return { code: "invalid_input", message: `Nothing was started. ${tool} got bad parameters: ${problem}.` };
}

/** A name chosen by the caller is repeated only so far, and without control characters. */
function shown(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?").slice(0, 64);
}
