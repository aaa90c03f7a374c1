import * as z from "zod";
import { CodeChange } from "./code-change.ts";
import { defineTool } from "./define-tool.ts";
import { Text, Texts, WorkspacePaths } from "./fields.ts";
import { HONESTY, LOOK, list, prompt } from "./prompt.ts";
import { reconcileChanges } from "./reconcile-changes.ts";
import { Said } from "./said.ts";

const GUIDE = `Keep to the conventions of the code around, and change no more than the task needs. Then check the change by the project's own means (tests, build, linter) where there are any, and mend what they show.
- changes: one entry for each file that you created, changed, deleted or renamed (by its new path), with its path relative to the workspace, and what changed and why. Leave diff empty: the real one is put there.
- dependencies_added: what you added to a manifest, with its version.
- tests_needed: tests that ought to be there and that you did not write.
- integration_notes: what was done, how to use it, and which checks you ran with which outcome.
- warnings: checks that failed or that you could not run, what you assumed, what of the task is not done.`;

export const implement = defineTool({
  name: "implement",
  title: "Implement a change",
  description:
    "Codex writes the change in the agent's workspace, runs what it needs, and reports. `changes` is checked against the real diff, which is in `evidence`.",
  access: "write",
  parameters: {
    task: Text.describe("What to build or change"),
    target_files: WorkspacePaths.describe("Files to change or create; empty lets Codex choose"),
    context_files: WorkspacePaths.optional().describe("Files to read first"),
    requirements: Texts.optional().describe("What must hold afterwards"),
  },
  result: z.object({
    changes: z.array(CodeChange),
    dependencies_added: z.array(z.string()),
    tests_needed: z.array(z.string()),
    integration_notes: Said,
    next_steps: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  prompt: ({ task, target_files, context_files, requirements }) =>
    prompt(
      `Implement this task in the workspace:\n\n${task}`,
      list("Files to change or create", target_files),
      list("Read these files first", context_files),
      list("Requirements", requirements),
      LOOK,
      GUIDE,
      HONESTY,
    ),
  reconcile: (result, evidence) => {
    const { changes, warnings } = reconcileChanges([result.changes], evidence);
    return { result: { ...result, changes, warnings: [...result.warnings, ...warnings] }, notes: [] };
  },
});
