// The bench's table: what it says of a row, and where it is put.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { betweenMarks, comparison, leftOut, putBetweenMarks, toTable } from "../../bench/report.ts";

const README = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8");
const OURS = [30, 10, 20];
const THEIRS = [10, 10, 10];

describe("a row", () => {
  it("has both medians, our spread and the ratio", () => {
    expect(comparison("turn, ms", OURS, "app-server", THEIRS, {})).toEqual({
      what: "turn, ms",
      ours: "20 (10–30)",
      against: "app-server",
      theirs: "10",
      ratio: "2.00",
      target: "–",
      isMet: undefined,
    });
  });

  it.each([
    [{ atMost: 2 }, "≤ 2 ×", true],
    [{ atMost: 1.9 }, "≤ 1.9 ×", false],
    [{ fasterThan: 0.5 }, "≥ 0.5 × faster", true],
    [{ fasterThan: 3 }, "≥ 3 × faster", false],
    [{ max: 20 }, "≤ 20", true],
    [{ max: 19 }, "≤ 19", false],
    [{ atMost: 2, max: 19 }, "≤ 2 ×, ≤ 19", false],
    [{ atMost: 1, max: 20 }, "≤ 1 ×, ≤ 20", false],
  ])("with the target %j says %s, met: %s", (target, text, isMet) => {
    expect(comparison("a", OURS, "b", THEIRS, target)).toMatchObject({ target: text, isMet });
  });

  it("tells how much faster than others it is", () => {
    const row = comparison("turn, ms", [50], "peer", [200], { fasterThan: 3 });
    expect(row).toMatchObject({ ratio: "4.0 × faster", isMet: true });
  });

  it("tells shares in percent", () => {
    const row = comparison("bytes", [5], "tar", [10_000], { atMost: 0.02, isShare: true });
    expect(row).toMatchObject({ ratio: "0.050 %", target: "≤ 2.0 %", isMet: true });
  });

  it("of a side that could not be measured says why", () => {
    expect(toTable([leftOut("turn", "peer 1.0", "no registry")])).toContain("| peer 1.0 | left out: no registry |");
  });
});

it("shows what is missed", () => {
  expect(toTable([comparison("a", OURS, "b", THEIRS, { max: 1 })])).toMatch(/\*\*no\*\* \|$/);
});

it("keeps text of others inside its cell", () => {
  expect(toTable([leftOut("a", "b", "x | y\nz")])).toContain("| left out: x \\| y z |");
});

it("has a place in the README, which takes a report and keeps everything around it", () => {
  const first = putBetweenMarks(README, "| one |");
  expect(betweenMarks(first)).toBe("| one |");
  expect(putBetweenMarks(first, "| two |")).toBe(first.replace("| one |", "| two |"));
  expect(putBetweenMarks(first, betweenMarks(README))).toBe(putBetweenMarks(README, betweenMarks(README)));
});

it.each(["", "<!-- /bench --> <!-- bench: written by npm run bench -->"])("is put nowhere into %j", (text) => {
  expect(() => putBetweenMarks(text, "x")).toThrow("lacks the marks");
});
