import * as z from "zod";
import { CodeChange } from "./code-change.ts";
import { defineTool } from "./define-tool.ts";
import { Text, Texts, WorkspacePaths } from "./fields.ts";
import { HONESTY, list, prompt } from "./prompt.ts";
import { reconcileChanges } from "./reconcile-changes.ts";

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
    integration_notes: z.string(),
    next_steps: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  prompt: ({ task, target_files, context_files, requirements }) =>
    prompt(
      `Implement this task in the workspace:\n\n${task}`,
      list("Files to change or create", target_files),
      list("Read these files first", context_files),
      list("Requirements", requirements),
      `Make the change, then check it by the project's own means (tests, build, linter) where there are any. Report each file you changed in \`changes\`, with its path relative to the workspace. ${HONESTY}`,
    ),
  reconcile: (result, evidence) => {
    const { changes, warnings } = reconcileChanges([result.changes], evidence);
    return { result: { ...result, changes, warnings: [...result.warnings, ...warnings] }, notes: [] };
  },
});
