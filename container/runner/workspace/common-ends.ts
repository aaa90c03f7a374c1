// Cuts equal ends off two texts before they are split into lines, so that a small change in a large file costs little.

/** Offsets, all at line starts: [start, oldEnd) and [start, newEnd) hold every difference and the context around it. */
export interface DifferingSpan {
  start: number;
  oldEnd: number;
  newEnd: number;
}

/** @param contextLines equal lines to leave at both ends, as far as there are any. */
export function differingSpan(oldText: string, newText: string, contextLines: number): DifferingSpan {
  const shorter = Math.min(oldText.length, newText.length);
  let equal = 0;
  while (equal < shorter && oldText.charCodeAt(equal) === newText.charCodeAt(equal)) equal++;
  const start = lineStartBefore(oldText, equal, contextLines);

  let end = 0;
  while (
    end < shorter - start &&
    oldText.charCodeAt(oldText.length - 1 - end) === newText.charCodeAt(newText.length - 1 - end)
  ) {
    end++;
  }
  const oldEnd = lineStartAfter(oldText, oldText.length - end, contextLines);
  return { start, oldEnd, newEnd: newText.length - (oldText.length - oldEnd) };
}

function lineStartBefore(text: string, offset: number, lines: number): number {
  let start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  for (let line = 0; line < lines && start > 0; line++) {
    start = start === 1 ? 0 : text.lastIndexOf("\n", start - 2) + 1;
  }
  return start;
}

function lineStartAfter(text: string, offset: number, lines: number): number {
  let end = offset;
  // One more than the context: the offset may lie within a line.
  for (let line = 0; line <= lines; line++) {
    const newline = text.indexOf("\n", end);
    if (newline === -1) return text.length;
    end = newline + 1;
  }
  return end;
}
