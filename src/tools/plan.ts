import * as z from "zod";
import { defineTool } from "./define-tool.ts";
import { Text, Texts } from "./fields.ts";
import { HONESTY, list, prompt, quoted } from "./prompt.ts";

export const plan = defineTool({
  name: "plan",
  title: "Plan a change",
  description:
    "Codex reads the workspace and plans how to do a task: steps, files, decisions, risks. It changes nothing.",
  access: "read",
  parameters: {
    task: Text.describe("What is to be built or changed"),
    repo_context: z.record(z.string(), z.unknown()).optional().describe("What is known about the repository"),
    constraints: Texts.optional().describe("What the plan must respect"),
  },
  result: z.object({
    task_breakdown: z.array(z.string()),
    affected_files: z.array(z.string()),
    implementation_approach: z.string(),
    architectural_decisions: z.array(z.string()),
    dependencies: z.array(z.string()),
    estimated_complexity: z.enum(["low", "medium", "high"]),
    gotchas: z.array(z.string()),
    integration_points: z.array(z.string()),
  }),
  prompt: ({ task, repo_context, constraints }) =>
    prompt(
      `Plan how to do this task in the workspace. Change no files.\n\n${task}`,
      list("Constraints", constraints),
      quoted("Repository context", repo_context && JSON.stringify(repo_context, null, 2)),
      `Order task_breakdown so that each step can be done and checked after the one before. In affected_files name files that exist, or that the plan creates. ${HONESTY}`,
    ),
});
