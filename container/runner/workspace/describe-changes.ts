// Turns changes into what a caller sees, within its limits. One file's contents are in memory at a time.

import type { Notes } from "../../lib/notes.ts";
import { quotePath } from "../../lib/quote-path.ts";
import type { ChangedFile, WorkspaceChanges } from "../../protocol.ts";
import type { FileChange } from "./compare.ts";
import { type ContentSource, type LoadedContent, loadContent, modeOf } from "./file-content.ts";
import { type FileTable, fileFlag } from "./file-table.ts";
import type { WorkspaceLimits } from "./limits.ts";
import { createTimeSlice } from "./time-slice.ts";
import { type FileVersion, renderFileDiff } from "./unified-diff.ts";

export interface ChangeContext {
  before: FileTable;
  after: FileTable;
  /** Where the contents of each are looked for. */
  sources: { before: ContentSource; after: ContentSource };
  limits: WorkspaceLimits;
  notes: Notes;
}

// The line diff of one file does not give way to the event loop.
const maxFileDiffMs = 40;
const maxTotalDiffMs = 5000;

/**
 * `changed_files` and `diff` are in the order of `changes`; the diffs of files that do not fit are left out whole. A
 * change from a file to a symbolic link is a "modify", as is one of the executable bit. `binary` is set where the content
 * has no lines to show; the counts of lines are absent where lines are not compared.
 */
export async function describeChanges(context: ChangeContext, changes: FileChange[]): Promise<WorkspaceChanges> {
  const { maxChangedFiles, maxDiffChars } = context.limits;
  const listed = changes.slice(0, maxChangedFiles);
  const changedFiles: ChangedFile[] = [];
  const sections: string[] = [];
  let diffChars = 0;
  let leftOutFiles = changes.length - listed.length;
  let leftOutChars = 0;
  const pause = createTimeSlice();
  const deadline = performance.now() + maxTotalDiffMs;
  for (const change of listed) {
    await pause();
    const timeoutMs = Math.max(0, Math.min(maxFileDiffMs, deadline - performance.now()));
    const { file, section } = describeChange(context, change, timeoutMs);
    changedFiles.push(file);
    if (diffChars + section.length <= maxDiffChars) {
      sections.push(section);
      diffChars += section.length;
    } else {
      leftOutFiles += 1;
      leftOutChars += section.length;
    }
  }
  if (listed.length < changes.length) {
    context.notes.add(
      ".",
      `has ${changes.length} changed files, of which the first ${maxChangedFiles} are listed and shown`,
    );
  }
  if (leftOutFiles > 0) {
    const size = listed.length < changes.length ? `at least ${leftOutChars}` : leftOutChars;
    sections.push(`# … diff of ${leftOutFiles} more files left out (${size} characters)\n`);
  }
  return {
    changed_files: changedFiles,
    total_changed: changes.length,
    diff: sections.join(""),
    diff_truncated: leftOutFiles > 0,
    notes: context.notes.list(),
  };
}

function describeChange(
  context: ChangeContext,
  change: FileChange,
  timeoutMs: number,
): { file: ChangedFile; section: string } {
  const { path, previousPath } = change;
  const file: ChangedFile = { path, action: actionOf(change) };
  if (previousPath !== undefined) file.previous_path = previousPath;
  const [oldContent, newContent] = loadContents(context, change);
  const contents = [oldContent, newContent].filter((content) => content !== undefined);
  const remarks = contents.flatMap((content) => ("remark" in content ? [content.remark] : []));
  for (const remark of new Set(remarks)) context.notes.add(path, remark);

  const isBinary = contents.some(({ kind }) => kind === "binary" || kind === "otherEncoding");
  if (isBinary) file.binary = true;
  const isUnreadable = contents.some(({ kind }) => kind === "unreadable");
  const omission = isUnreadable ? "cannot be read" : remarks[0];
  if (!isBinary && omission !== undefined) return { file, section: `# ${quotePath(path)}: ${omission}\n` };

  const before = versionOf(context.before, change.before, oldContent);
  const after = versionOf(context.after, change.after, newContent);
  const diff = renderFileDiff({ path, previousPath, before, after, timeoutMs });
  if (isBinary) return { file, section: diff.text };
  return { file: { ...file, added_lines: diff.addedLines, removed_lines: diff.removedLines }, section: diff.text };
}

function versionOf(
  table: FileTable,
  row: number | undefined,
  content: LoadedContent | undefined,
): FileVersion | undefined {
  if (row === undefined) return undefined;
  return { mode: modeOf(table, row), text: content?.kind === "text" ? content.text : undefined };
}

function actionOf({ before, after, previousPath }: FileChange): ChangedFile["action"] {
  if (previousPath !== undefined) return "rename";
  if (before === undefined) return "create";
  return after === undefined ? "delete" : "modify";
}

type Contents = [before: LoadedContent | undefined, after: LoadedContent | undefined];

/** Equal contents are not loaded: a rename or a change of the executable bit shows no lines. */
function loadContents({ before, after, sources }: ChangeContext, change: FileChange): Contents {
  if (change.before !== undefined && change.after !== undefined) {
    const isKnown =
      !before.hasFlag(change.before, fileFlag.unreadable) && !after.hasFlag(change.after, fileFlag.unreadable);
    const isSameKind = before.hasFlag(change.before, fileFlag.link) === after.hasFlag(change.after, fileFlag.link);
    if (isKnown && isSameKind && before.hashHexAt(change.before) === after.hashHexAt(change.after)) {
      const content: LoadedContent = after.hasFlag(change.after, fileFlag.binary)
        ? { kind: "binary" }
        : { kind: "text", text: "" };
      return [content, content];
    }
  }
  return [
    change.before === undefined ? undefined : loadContent(sources.before, before, change.before),
    change.after === undefined ? undefined : loadContent(sources.after, after, change.after),
  ];
}
