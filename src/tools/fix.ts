import * as z from "zod";
import { CodeChange } from "./code-change.ts";
import { defineTool } from "./define-tool.ts";
import { Text, Texts, WorkspacePaths } from "./fields.ts";
import { HONESTY, LOOK, list, prompt, quoted } from "./prompt.ts";
import { reconcileChanges } from "./reconcile-changes.ts";
import { Said } from "./said.ts";

const Fix = z.object({
  problem: Said,
  solution: Said,
  files_to_change: z.array(CodeChange),
  root_cause: Said,
  prevention: z.string(),
});

const GUIDE = `Reproduce the problem first where that is possible. Mend the cause, not the symptom, and no more than that; then run what failed again, and what else the change could break. Never delete, skip or loosen a test to make it pass; where the test itself is wrong, say why in root_cause.
- fixes: one entry for each cause. files_to_change has each file that you changed, with its path relative to the workspace, and what changed and why. Leave diff empty: the real one is put there. root_cause says where it first goes wrong, with file and line; prevention, what would have caught it. Without a cause found, fixes is empty.
- diagnostic_steps: what you did to find and to check, with what it showed, also what you ruled out.
- quick_fix_available: whether a small change mends the cause. estimated_fix_time: for what is left to do now; "none" where nothing is.
- related_issues: other places in the code with the same cause.`;

export const fix = defineTool({
  name: "fix",
  title: "Fix a problem",
  description:
    "Codex finds the cause of failing tests, errors or symptoms and mends it in the workspace. Give at least one of the four parameters.",
  access: "write",
  parameters: {
    failing_tests: Texts.optional().describe("Names of failing tests"),
    error_output: Text.optional().describe("What was printed"),
    context_files: WorkspacePaths.optional().describe("Files to read first"),
    symptoms: Texts.optional().describe("What is seen"),
  },
  result: z.object({
    fixes: z.array(Fix),
    diagnostic_steps: z.array(z.string()).min(1),
    quick_fix_available: z.boolean(),
    estimated_fix_time: z.string(),
    related_issues: z.array(z.string()),
  }),
  check: ({ failing_tests, error_output, context_files, symptoms }) =>
    [failing_tests, error_output, context_files, symptoms].some((given) => given !== undefined && given.length > 0)
      ? undefined
      : "give at least one of failing_tests, error_output, context_files, symptoms",
  prompt: ({ failing_tests, error_output, context_files, symptoms }) =>
    prompt(
      "Something in the workspace is broken. Find the root cause, mend it, and check that it is mended.",
      list("Failing tests", failing_tests),
      list("Symptoms", symptoms),
      quoted("Error output", error_output),
      list("Read these files first", context_files),
      LOOK,
      GUIDE,
      HONESTY,
    ),
  reconcile: (result, evidence) => {
    const claims = result.fixes.map(({ files_to_change }) => files_to_change);
    const { claimed, unclaimed, warnings } = reconcileChanges(claims, evidence);
    const fixes = result.fixes.map((entry, index) => ({ ...entry, files_to_change: claimed[index] ?? [] }));
    return { result: { ...result, fixes: withRest(fixes, unclaimed) }, notes: warnings };
  },
});

/** Observed changes that no fix claims belong to the last one, or stand for themselves. */
function withRest(fixes: z.infer<typeof Fix>[], rest: CodeChange[]): z.infer<typeof Fix>[] {
  if (rest.length === 0) return fixes;
  const last = fixes.at(-1);
  if (last !== undefined)
    return [...fixes.slice(0, -1), { ...last, files_to_change: [...last.files_to_change, ...rest] }];
  const text = "The model did not describe this change.";
  return [{ problem: text, solution: text, files_to_change: rest, root_cause: text, prevention: text }];
}
