// What can be reviewed, and how Codex is led to it. What is in the workspace it takes from git itself, by commands that
// need no write access, and that show the changes as they are, whatever a repository is configured to show in their place.
import * as z from "zod";
import { Text, Texts, WorkspacePath } from "./fields.ts";
import { type PromptPart, quoted } from "./prompt.ts";

const MAX_ITEMS = 1_000;

/** A git revision that git cannot take for an option or a range, nor a shell for anything but text between quotes. */
const Revision = z
  .string()
  .regex(/^[\p{L}\p{N}_@#][\p{L}\p{M}\p{N}_./@^~{}+#=,%-]{0,199}$/u, "must be a branch or commit name")
  .refine((name) => !name.includes(".."), "must be one branch or commit, not a range");

export const ReviewContent = z.union(
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
type ReviewContent = z.infer<typeof ReviewContent>;

export function reviewSubject(content: ReviewContent): PromptPart[] {
  if (typeof content === "string") return [quoted("The diff or file to review", content), ELSEWHERE];
  if ("diffs" in content) {
    return [...content.diffs.map((diff, index) => quoted(`Diff ${index + 1} to review`, diff)), ELSEWHERE];
  }
  if ("files" in content) {
    return [...content.files.map(({ path, content: text }) => quoted(`File to review: ${path}`, text)), ELSEWHERE];
  }
  if ("workspace" in content) return ["Review the uncommitted changes of the workspace.", commands(UNCOMMITTED), GIT];
  if ("branch" in content)
    return [`Review what branch ${content.branch} adds.`, commands(ofBranch(content.branch)), GIT];
  return [`Review commit ${content.commit}.`, commands(ofCommit(content.commit)), GIT];
}

const ELSEWHERE =
  "Review the text as it is given here. The workspace may hold the code around it, or nothing of it: look there for what the text touches.";

const SHOW = "--stat --patch --no-color --no-ext-diff --no-textconv";

/** Without a commit there is no HEAD; the empty tree stands in for it. */
const UNCOMMITTED = [
  "git status --porcelain --untracked-files=all",
  `git diff ${SHOW} "$(git rev-parse -q --verify HEAD || git hash-object -t tree /dev/null)"`,
];

/** Against the default branch as the remote names it, else main or master, from where the two parted. */
function ofBranch(branch: string): string[] {
  const candidates = ["heads", "remotes/origin"].flatMap((kind) => [`refs/${kind}/main`, `refs/${kind}/master`]);
  return [
    `base=$(git symbolic-ref -q --short refs/remotes/origin/HEAD || git for-each-ref --count=1 --format='%(refname:short)' ${candidates.join(" ")})`,
    `git log --oneline --no-color "$base"..'${branch}'`,
    `git diff ${SHOW} "$base"...'${branch}'`,
  ];
}

/** Of a merge, what it brought into its first parent. */
function ofCommit(commit: string): string[] {
  return [`git show ${SHOW} --format=fuller --diff-merges=first-parent '${commit}'`];
}

function commands(lines: readonly string[]): string {
  return `These commands show it:\n\`\`\`sh\n${lines.join("\n")}\n\`\`\``;
}

const GIT = `Read each untracked file as well, where there are any. Long output is cut: then go on file by file, with \`-- <path>\` at the end. A branch that git does not know may be there as origin/<branch>. The files on disk may be of another branch: \`git show <revision>:<path>\` has the right ones. Where the workspace itself is no repository, look for one below it. Where git shows nothing to review, say so in summary, without comments.`;
