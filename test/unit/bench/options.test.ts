// How a run of the bench is asked for.
import { expect, it } from "vitest";
import { readOptions } from "../../bench/options.ts";

const NAMES = ["turns", "memory", "sessions"] as const;

it.each([
  [[], {}, { rounds: 30, parts: NAMES }],
  [["--rounds", "5", "--rows", "memory,turns"], {}, { rounds: 5, parts: ["turns", "memory"] }],
  [[], { ROUNDS: "7", ROWS: "sessions" }, { rounds: 7, parts: ["sessions"] }],
  [["--rounds", "5"], { ROUNDS: "7" }, { rounds: 5, parts: NAMES }],
])("takes %j and %j", (args, env, expected) => {
  expect(readOptions(args, env, NAMES)).toEqual(expected);
});

it.each([
  [["--rounds", "0"], "0 is not a number above 0"],
  [["--rounds", "many"], "many is not a number above 0"],
  [["--rows", "turns,all"], "all is unknown. There are: turns, memory, sessions."],
  [["--fast"], "fast"],
])("refuses %j", (args, problem) => {
  expect(() => readOptions(args, {}, NAMES)).toThrow(problem);
});
