import * as z from "zod";
import { CodeChange } from "./code-change.ts";
import { defineTool } from "./define-tool.ts";
import { Text } from "./fields.ts";
import { HONESTY, LOOK, prompt, quoted } from "./prompt.ts";
import { Said } from "./said.ts";

const Confidence = z.number().min(0).max(1);

const GUIDE = `- root_cause: where it first goes wrong and why, with file and line. Keep what you saw apart from what you infer. Where the code is not in the workspace, say so, and which causes are left.
- solutions: what mends the cause; trade_offs says what each costs or risks.
- debugging_steps: what you looked at and what it showed, then what the user should look at to tell the causes that are left apart.
- related_issues: other places in the workspace with the same cause; no numbers or links of issues that you did not see.
- Confidence, of the cause and of each solution: 0.9 and above = reproduced or shown in the code; about 0.5 = fits all that is known, not shown; below 0.2 = a guess.`;

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
    root_cause: Said,
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
        ? "Be quick: the likeliest cause, one solution, no long investigation."
        : "Be thorough: follow the data back to where it first goes wrong, try to reproduce the error where only reading allows it, and weigh other causes.",
      LOOK,
      GUIDE,
      HONESTY,
    ),
});
