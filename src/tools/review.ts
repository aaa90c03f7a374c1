import * as z from "zod";
import { defineTool } from "./define-tool.ts";
import { Text, Texts, WorkspacePath } from "./fields.ts";
import { HONESTY, list, type PromptPart, prompt, quoted } from "./prompt.ts";

const Score = z.number().int().min(1).max(10);
const MAX_ITEMS = 1_000;

/** A git revision or branch that git cannot take for an option. */
const Revision = z.string().regex(/^[A-Za-z0-9_][\w./@^~{}+-]{0,199}$/, "must be a branch or commit name");

const Content = z.union(
  [
    Text,
    z.strictObject({ diffs: Texts.min(1) }),
    z.strictObject({
      files: z
        .array(z.strictObject({ path: WorkspacePath, content: Text }))
        .min(1)
        .max(MAX_ITEMS),
    }),
    z.strictObject({ workspace: z.literal("uncommitted") }),
    z.strictObject({ branch: Revision }),
    z.strictObject({ commit: Revision }),
  ],
  { error: 'must be text, {diffs}, {files: [{path, content}]}, {workspace: "uncommitted"}, {branch} or {commit}' },
);
type Content = z.infer<typeof Content>;

export const review = defineTool({
  name: "review",
  title: "Review code",
  description:
    "Codex reviews diffs, files, the workspace's uncommitted changes, a branch or a commit, with comments by line. It changes nothing.",
  access: "read",
  parameters: {
    content: Content.describe("A diff or file as text, or what of the workspace to review"),
    rubric: Texts.optional().describe("What to judge by"),
    focus_areas: Texts.optional().describe("What to look at most"),
  },
  result: z.object({
    overall_rating: z.enum(["excellent", "good", "needs_work", "critical_issues"]),
    comments: z.array(
      z.object({
        file: z.string(),
        line_range: z.string(),
        severity: z.enum(["info", "warning", "error", "critical"]),
        category: z.string(),
        message: z.string(),
        suggestion: z.string().optional(),
      }),
    ),
    security_score: Score,
    performance_score: Score,
    maintainability_score: Score,
    summary: z.string(),
    recommendations: z.array(z.string()),
  }),
  prompt: ({ content, rubric, focus_areas }) =>
    prompt(
      "Review code as a demanding senior engineer. Change no files.",
      ...subject(content),
      list("Judge by", rubric),
      list("Look most at", focus_areas),
      'Comment only on what is there, each comment with file, line range ("12-18") and what to do. Severity: critical = data loss, security hole or crash in normal use; error = wrong behaviour; warning = likely trouble; info = taste. Scores from 1 (very bad) to 10 (excellent), each earned by what you saw.',
      HONESTY,
    ),
});

function subject(content: Content): PromptPart[] {
  if (typeof content === "string") return [quoted("The diff or file to review", content)];
  if ("diffs" in content) return content.diffs.map((diff, index) => quoted(`Diff ${index + 1} to review`, diff));
  if ("files" in content)
    return content.files.map(({ path, content: text }) => quoted(`File to review: ${path}`, text));
  if ("workspace" in content) {
    return ["Review the workspace's uncommitted changes: `git status`, `git diff HEAD`, and every untracked file."];
  }
  if ("branch" in content) {
    const { branch } = content;
    return [
      `Review what branch ${branch} adds: \`git log\` and \`git diff\` from its merge base with the default branch.`,
    ];
  }
  return [`Review commit ${content.commit}: \`git show ${content.commit}\`.`];
}
