// When a checkpoint begins a new chain, and which ones go.
import { describe, expect, it } from "vitest";
import { type ChainLink, needsBase, outdated } from "../../../src/agent/checkpoints/policy.ts";

const MIB = 1024 * 1024;

function row(id: string, parent: string | null = null, bytes = 100): ChainLink {
  return { id, parent, bytes };
}

function chain(deltas: number, baseBytes: number, deltaBytes: number): ChainLink[] {
  return [row("b", null, baseBytes), ...Array.from({ length: deltas }, (_, at) => row(`d${at}`, "b", deltaBytes))];
}

describe("needsBase", () => {
  it.each([
    ["nothing saved yet", [], false, true],
    ["a base alone", chain(0, 100, 0), false, false],
    ["many deltas while somebody waits", chain(49, 500 * MIB, 100), false, false],
    ["too many to restore", chain(50, 500 * MIB, 100), false, true],
    ["deltas twice as large as the base", chain(3, 100 * MIB, 70 * MIB), false, true],
    ["small deltas of a small base", chain(20, 1_000, 5_000), false, false],
    ["several deltas while nobody waits", chain(8, 500 * MIB, 100), true, true],
    ["few deltas while nobody waits", chain(7, 500 * MIB, 100), true, false],
    ["deltas above half of the base while nobody waits", chain(2, 10 * MIB, 3 * MIB), true, true],
  ])("%s", (_, rows, isIdle, needed) => {
    expect(needsBase(rows, isIdle)).toBe(needed);
  });
});

describe("outdated", () => {
  const rows = [row("e", "d"), row("d"), row("c", "b"), row("b", "a"), row("a")];

  it.each([
    ["all that the newest ones need stays", ["e"], 2, ["c", "b", "a"]],
    ["a delta keeps its whole chain", ["e"], 3, []],
    ["what the disk continues stays, however old", ["b"], 1, ["c"]],
    ["what is compared with stays, with its chain", ["e", "c"], 1, []],
    ["where nothing is pinned only the newest count", [], 1, ["c", "b", "a"]],
    ["fewer than may stay", ["e"], 20, []],
  ])("%s", (_, pinned, kept, gone) => {
    expect(outdated(rows, pinned, kept).map(({ id }) => id)).toEqual(gone);
  });
});
