// Git's unified diff format, as `git apply` reads it. Pure: two versions in, text out.

import { quotePath } from "../../lib/quote-path.ts";
import { diffLines, type LineDiff, type LineEdit } from "./line-diff.ts";

/** One side of a change. A symbolic link is a file of mode 120000 whose text is its target. */
export interface FileVersion {
  mode: "100644" | "100755" | "120000";
  /** undefined: binary. */
  text: string | undefined;
}

export interface FileDiffInput {
  path: string;
  /** Where a renamed file was; its content is the same. */
  previousPath?: string | undefined;
  /** undefined: the file was created. */
  before: FileVersion | undefined;
  /** undefined: the file was deleted. */
  after: FileVersion | undefined;
  /** How long to look for a minimal diff before the whole text is replaced. */
  timeoutMs: number;
}

export interface FileDiff {
  /** Ends with a line end; empty where nothing differs. */
  text: string;
  addedLines: number;
  removedLines: number;
}

const contextLines = 3;

/** The diff of one file. A change of type (file, symbolic link) is a deletion and a creation, as in git. */
export function renderFileDiff(input: FileDiffInput): FileDiff {
  const { before, after } = input;
  if (before !== undefined && after !== undefined && (before.mode === "120000") !== (after.mode === "120000")) {
    const deleted = renderFileDiff({ ...input, after: undefined });
    const created = renderFileDiff({ ...input, before: undefined });
    return {
      text: deleted.text + created.text,
      addedLines: created.addedLines,
      removedLines: deleted.removedLines,
    };
  }
  const header = headerLines(input);
  const body = input.previousPath === undefined ? renderBody(input) : { text: "", addedLines: 0, removedLines: 0 };
  if (header.length === 0 && body.text === "") return body;
  const names = `diff --git ${headerName(`a/${input.previousPath ?? input.path}`)} ${headerName(`b/${input.path}`)}\n`;
  return { ...body, text: `${names}${header.map((line) => `${line}\n`).join("")}${body.text}` };
}

/** `git apply` takes " /" for the start of the second name (apply.c, git_header_name), so that a name with it is quoted. */
function headerName(name: string): string {
  const quoted = quotePath(name);
  return quoted === name && name.includes(" /") ? `"${name}"` : quoted;
}

function headerLines({ path, previousPath, before, after }: FileDiffInput): string[] {
  if (before === undefined) return after === undefined ? [] : [`new file mode ${after.mode}`];
  if (after === undefined) return [`deleted file mode ${before.mode}`];
  const lines: string[] = [];
  if (before.mode !== after.mode) lines.push(`old mode ${before.mode}`, `new mode ${after.mode}`);
  if (previousPath !== undefined) {
    lines.push("similarity index 100%", `rename from ${quotePath(previousPath)}`, `rename to ${quotePath(path)}`);
  }
  return lines;
}

function renderBody({ path, before, after, timeoutMs }: FileDiffInput): FileDiff {
  const oldName = before === undefined ? "/dev/null" : quotePath(`a/${path}`);
  const newName = after === undefined ? "/dev/null" : quotePath(`b/${path}`);
  const oldText = before === undefined ? "" : before.text;
  const newText = after === undefined ? "" : after.text;
  if (oldText === undefined || newText === undefined) {
    return { text: `Binary files ${oldName} and ${newName} differ\n`, addedLines: 0, removedLines: 0 };
  }
  const diff = diffLines(oldText, newText, { contextLines, timeoutMs });
  if (diff.edits.length === 0) return { text: "", addedLines: 0, removedLines: 0 };
  const parts = [`--- ${tabAfterSpaces(oldName)}\n+++ ${tabAfterSpaces(newName)}\n`];
  for (const edits of groupEdits(diff.edits)) appendHunk(parts, diff, edits);
  return {
    text: parts.join(""),
    addedLines: diff.edits.reduce((sum, edit) => sum + edit.newEnd - edit.newStart, 0),
    removedLines: diff.edits.reduce((sum, edit) => sum + edit.oldEnd - edit.oldStart, 0),
  };
}

/** Other readers of diffs take a name to end at white space; git therefore marks the end of one that has spaces. */
function tabAfterSpaces(name: string): string {
  return name.includes(" ") ? `${name}\t` : name;
}

function groupEdits(edits: LineEdit[]): LineEdit[][] {
  const groups: LineEdit[][] = [];
  let last: LineEdit | undefined;
  for (const edit of edits) {
    if (last !== undefined && edit.oldStart - last.oldEnd <= 2 * contextLines) groups.at(-1)?.push(edit);
    else groups.push([edit]);
    last = edit;
  }
  return groups;
}

function appendHunk(parts: string[], diff: LineDiff, edits: LineEdit[]): void {
  const first = edits[0];
  const last = edits.at(-1);
  if (first === undefined || last === undefined) return;
  const lead = Math.min(contextLines, first.oldStart);
  const trail = Math.min(contextLines, diff.oldLines.length - last.oldEnd);
  const oldRange = formatRange(
    diff.skippedLines + first.oldStart - lead,
    last.oldEnd + trail - (first.oldStart - lead),
  );
  const newRange = formatRange(
    diff.skippedLines + first.newStart - lead,
    last.newEnd + trail - (first.newStart - lead),
  );
  parts.push(`@@ -${oldRange} +${newRange} @@\n`);
  let unchangedFrom = first.oldStart - lead;
  for (const { oldStart, oldEnd, newStart, newEnd } of edits) {
    appendLines(parts, " ", diff.oldLines.slice(unchangedFrom, oldStart));
    appendLines(parts, "-", diff.oldLines.slice(oldStart, oldEnd));
    appendLines(parts, "+", diff.newLines.slice(newStart, newEnd));
    unchangedFrom = oldEnd;
  }
  appendLines(parts, " ", diff.oldLines.slice(unchangedFrom, unchangedFrom + trail));
}

function formatRange(skipped: number, count: number): string {
  if (count === 0) return `${skipped},0`;
  return count === 1 ? `${skipped + 1}` : `${skipped + 1},${count}`;
}

function appendLines(parts: string[], sign: string, lines: string[]): void {
  for (const line of lines) {
    parts.push(sign, line);
    if (!line.endsWith("\n")) parts.push("\n\\ No newline at end of file\n");
  }
}
