// The short form of `npm run test:faults`: seeds that between them have every kind of fault.

import { afterAll, beforeAll, expect, it } from "vitest";
import { leaveOut } from "../support/left-out.ts";
import { whole } from "./report.ts";
import { runSeed } from "./run-seed.ts";
import { Stack } from "./stack.ts";

const SEEDS = [51, 52, 130, 215, 230];

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
  const { problem } = stack.disk;
  leaveOut("The fault of a full disk", problem === undefined, problem ?? "");
});

afterAll(async () => {
  await stack?.close();
});

it.for(SEEDS)("holds what was promised under the faults of seed %i", async (seed) => {
  const result = await runSeed(seed, stack);
  expect(result.problems, whole(result)).toEqual([]);
});
