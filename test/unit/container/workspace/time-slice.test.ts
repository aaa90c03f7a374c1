import { expect, test } from "vitest";
import { createTimeSlice } from "../../../../container/runner/workspace/time-slice.ts";

test("work gives way to the event loop when its time is up, and has time again after that", async () => {
  const pause = createTimeSlice();
  expect(pause()).toBeUndefined();
  let othersRan = false;
  setImmediate(() => {
    othersRan = true;
  });
  const startedAt = performance.now();
  while (performance.now() - startedAt < 20);
  await pause();
  expect(othersRan).toBe(true);
  expect(pause()).toBeUndefined();
});
