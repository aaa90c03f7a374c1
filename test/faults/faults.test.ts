// The short form of `npm run test:faults`: seeds that between them have nearly every fault.
import { afterAll, beforeAll, expect, it } from "vitest";
import { whole } from "./report.ts";
import { runSeed } from "./run-seed.ts";
import { Stack } from "./stack.ts";

const SEEDS = [1, 2, 3, 4];

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(async () => {
  await stack?.close();
});

it.for(SEEDS)("holds what was promised under the faults of seed %i", async (seed) => {
  const result = await runSeed(seed, stack);
  expect(result.problems, whole(result)).toEqual([]);
});
