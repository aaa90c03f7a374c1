import * as z from "zod";
import { CodeChange } from "./code-change.ts";
import { defineTool } from "./define-tool.ts";
import { Text } from "./fields.ts";
import { HONESTY, prompt, quoted } from "./prompt.ts";

const Confidence = z.number().min(0).max(1);

export const debug = defineTool({
  name: "debug",
  title: "Debug an error",
  description: "Codex looks for the root cause of an error and proposes solutions. It changes nothing; `fix` does.",
  access: "read",
  parameters: {
    error_message: Text.describe("The error"),
    code_context: Text.optional().describe("The code around it"),
    stack_trace: Text.optional(),
    environment_info: Text.optional().describe("Versions, platform, settings"),
    reproduction_steps: Text.optional(),
    debug_level: z.enum(["quick", "detailed"]).default("detailed"),
  },
  result: z.object({
    root_cause: z.string(),
    solutions: z.array(
      z.object({
        approach: z.string(),
        description: z.string(),
        code_changes: z.array(CodeChange),
        confidence: Confidence,
        estimated_time: z.string(),
        trade_offs: z.array(z.string()),
      }),
    ),
    debugging_steps: z.array(z.string()),
    prevention_strategies: z.array(z.string()),
    related_issues: z.array(z.string()),
    confidence_score: Confidence,
    estimated_fix_time: z.string(),
  }),
  prompt: ({ error_message, code_context, stack_trace, environment_info, reproduction_steps, debug_level }) =>
    prompt(
      "Find the root cause of this error and propose solutions, the best one first. Change no files: code_changes are proposals, as unified diffs.",
      quoted("Error", error_message),
      quoted("Stack trace", stack_trace),
      quoted("Code", code_context),
      quoted("Environment", environment_info),
      quoted("Steps to reproduce", reproduction_steps),
      debug_level === "quick"
        ? "Be quick: one solution, no long investigation."
        : "Be thorough: follow the data to where it first goes wrong. In debugging_steps say what you looked at and what it showed.",
      `Confidence is how sure you are, from 0 to 1. ${HONESTY}`,
    ),
});
