import * as z from "zod";
import { defineTool } from "./define-tool.ts";
import { JsonObject, Text, Texts } from "./fields.ts";
import { HONESTY, LOOK, list, prompt, quoted } from "./prompt.ts";
import { Said } from "./said.ts";

const GUIDE = `Read the code that the task touches, what calls it, and its tests. Where the files differ from what you were told, the files are right: say so in gotchas.
- task_breakdown: steps in the order in which to do them, each small enough to be checked by itself, with where and how.
- affected_files: paths relative to the workspace, of files that exist or that a step creates; nothing but the path.
- architectural_decisions: each with its reason, and what you decided against.
- dependencies: packages and services that the plan needs and the project does not have yet.
- estimated_complexity: low = one place and a known pattern; medium = several files or a changed interface; high = changed data or protocols, concurrency, a migration, or unknowns that need a trial.
- gotchas: what is likely to go wrong, and where. integration_points: file and symbol at which the change meets what is there.
An empty list is better than a filler.`;

export const plan = defineTool({
  name: "plan",
  title: "Plan a change",
  description:
    "Codex reads the workspace and plans how to do a task: steps, files, decisions, risks. It changes nothing.",
  access: "read",
  parameters: {
    task: Text.describe("What is to be built or changed"),
    repo_context: JsonObject.optional().describe("What is known about the repository"),
    constraints: Texts.optional().describe("What the plan must respect"),
  },
  result: z.object({
    task_breakdown: z.array(z.string()).min(1),
    affected_files: z.array(z.string()),
    implementation_approach: Said,
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
      LOOK,
      GUIDE,
      HONESTY,
    ),
});
