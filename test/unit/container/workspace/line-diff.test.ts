import { describe, expect, test } from "vitest";
import { diffLines, type LineDiff } from "../../../../container/runner/workspace/line-diff.ts";
import { seededRandom } from "./random-trees.ts";

const options = { contextLines: 3, timeoutMs: 1000 };

describe("a line diff", () => {
  test.each([
    ["a line in the middle", "1\n2\n3\n", "1\nx\n3\n", ["-2", "+x"]],
    ["lines at both ends", "1\n2\n3\n", "x\n1\n2\n3\ny\n", ["+x", "+y"]],
    ["a missing newline", "1\n2", "1\n2\n", ["-2", "+2"]],
    ["moved lines, minimally", "1\n2\n3\n4\n", "2\n3\n4\n1\n", ["-1", "+1"]],
    ["nothing", "1\n2\n", "1\n2\n", []],
  ])("finds %s", (_name, oldText, newText, edits) => {
    expect(listEdits(diffLines(oldText, newText, options))).toEqual(edits);
  });

  test("counts the equal lines that it skips", () => {
    expect(diffLines("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\nx\n", options).skippedLines).toBe(2);
  });

  test("stays minimal where a thousand lines are each changed", () => {
    const lines = Array.from({ length: 2000 }, (_, index) => `const value${index} = ${index % 7};\n`);
    const diff = diffLines(
      lines.join(""),
      lines.map((line, index) => (index % 2 ? line : `// ${line}`)).join(""),
      options,
    );
    expect(diff.edits).toHaveLength(1000);
  });

  test.each([
    ["too different", 20_000, 3, options],
    ["not compared in time", 400, 3, { contextLines: 3, timeoutMs: -1 }],
    ["too long", 150_000, 2, options],
  ])("replaces all between the equal ends where texts are %s", (_name, length, kinds, limits) => {
    const random = seededRandom(1);
    const choices = Array.from({ length: kinds }, (_, kind) => `${kind}\n`);
    const text = () => `first\n${Array.from({ length }, () => random(choices)).join("")}last\n`;
    const oldText = text();
    const newText = text();
    const startedAt = performance.now();
    const diff = diffLines(oldText, newText, limits);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(diff.edits).toHaveLength(1);
    expect(rebuild(oldText, diff)).toBe(newText);
  });

  test.each(Array.from({ length: 100 }, (_, seed) => seed))(
    "leads from one random text to the other, seed %i",
    (seed) => {
      const random = seededRandom(seed);
      const text = () =>
        Array.from({ length: random([0, 1, 5, 40]) }, () => random(["a", "b\n", "\n", "c\r\n", "ß\n"])).join("");
      const oldText = text();
      const newText = random([true, false]) ? text() : oldText + text();
      expect(rebuild(oldText, diffLines(oldText, newText, options))).toBe(newText);
    },
  );
});

function listEdits({ edits, oldLines, newLines }: LineDiff): string[] {
  return edits.flatMap(({ oldStart, oldEnd, newStart, newEnd }) => [
    ...oldLines.slice(oldStart, oldEnd).map((line) => `-${line.trimEnd()}`),
    ...newLines.slice(newStart, newEnd).map((line) => `+${line.trimEnd()}`),
  ]);
}

function rebuild(oldText: string, { skippedLines, oldLines, newLines, edits }: LineDiff): string {
  const all = oldText.match(/[^\n]*\n|[^\n]+/g) ?? [];
  let middle = oldLines;
  for (const { oldStart, oldEnd, newStart, newEnd } of edits.toReversed()) {
    middle = [...middle.slice(0, oldStart), ...newLines.slice(newStart, newEnd), ...middle.slice(oldEnd)];
  }
  return [...all.slice(0, skippedLines), ...middle, ...all.slice(skippedLines + oldLines.length)].join("");
}
