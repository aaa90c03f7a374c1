// Which lines differ between two texts. Lines that only one side has are set aside before the diff proper: they can
// never match, and they are what makes it slow.

import { diffArrays } from "diff/lib/diff/array.js";
import { differingSpan } from "./common-ends.ts";

/** Lines [oldStart, oldEnd) were replaced with [newStart, newEnd); indexes into the lines of a `LineDiff`. */
export interface LineEdit {
  oldStart: number;
  oldEnd: number;
  newStart: number;
  newEnd: number;
}

export interface LineDiff {
  /** Equal lines in front of `oldLines` and `newLines`, which are in neither. */
  skippedLines: number;
  /** Each line with its "\n", if it has one. */
  oldLines: string[];
  newLines: string[];
  edits: LineEdit[];
}

// jsdiff remembers up to maxEditLength² / 2 steps: 600 keeps that under 10 MB.
const maxEditLength = 600;
const maxComparedLines = 100_000;

/**
 * A minimal line diff, or one edit that replaces everything between the equal ends where the texts are too different
 * to compare within bounds. Only "\n" ends a line, as in git.
 * @param options.contextLines equal lines to keep in front of and behind the differences.
 */
export function diffLines(
  oldText: string,
  newText: string,
  options: { contextLines: number; timeoutMs: number },
): LineDiff {
  const { start, oldEnd, newEnd } = differingSpan(oldText, newText, options.contextLines);
  const oldLines = splitLines(oldText.slice(start, oldEnd));
  const newLines = splitLines(newText.slice(start, newEnd));
  const matches = matchLines(oldLines, newLines, options.timeoutMs) ?? matchEnds(oldLines, newLines);
  return {
    skippedLines: countNewlines(oldText, start),
    oldLines,
    newLines,
    edits: editsAround(matches, oldLines, newLines),
  };
}

type Match = readonly [oldIndex: number, newIndex: number];

function splitLines(text: string): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline + 1;
    lines.push(text.slice(start, end));
    start = end;
  }
  return lines;
}

function countNewlines(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function matchLines(oldLines: string[], newLines: string[], timeoutMs: number): Match[] | undefined {
  if (oldLines.length + newLines.length > maxComparedLines) return undefined;
  const inOld = new Set(oldLines);
  const inNew = new Set(newLines);
  const oldKept = [...oldLines.keys()].filter((index) => inNew.has(oldLines[index] ?? ""));
  const newKept = [...newLines.keys()].filter((index) => inOld.has(newLines[index] ?? ""));
  const parts = diffArrays(
    oldKept.map((index) => oldLines[index]),
    newKept.map((index) => newLines[index]),
    { maxEditLength, timeout: timeoutMs },
  );
  if (parts === undefined) return undefined;

  const matches: Match[] = [];
  let oldAt = 0;
  let newAt = 0;
  for (const { added, removed, count } of parts) {
    for (let index = 0; !added && !removed && index < count; index++) {
      matches.push([oldKept[oldAt + index] ?? 0, newKept[newAt + index] ?? 0]);
    }
    if (!added) oldAt += count;
    if (!removed) newAt += count;
  }
  return matches;
}

function matchEnds(oldLines: string[], newLines: string[]): Match[] {
  const shorter = Math.min(oldLines.length, newLines.length);
  let head = 0;
  while (head < shorter && oldLines[head] === newLines[head]) head++;
  let tail = 0;
  while (tail < shorter - head && oldLines.at(-1 - tail) === newLines.at(-1 - tail)) tail++;
  return [
    ...Array.from({ length: head }, (_, index): Match => [index, index]),
    ...Array.from(
      { length: tail },
      (_, index): Match => [oldLines.length - tail + index, newLines.length - tail + index],
    ),
  ];
}

function editsAround(matches: Match[], oldLines: string[], newLines: string[]): LineEdit[] {
  const edits: LineEdit[] = [];
  let oldStart = 0;
  let newStart = 0;
  const end: Match = [oldLines.length, newLines.length];
  for (const [oldEnd, newEnd] of [...matches, end]) {
    if (oldEnd > oldStart || newEnd > newStart) edits.push({ oldStart, oldEnd, newStart, newEnd });
    oldStart = oldEnd + 1;
    newStart = newEnd + 1;
  }
  return edits;
}
