// When the runner gives memory back.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { IdleMemory } from "../../../../container/runner/idle-memory.ts";

let collected: number;
let isTurnActive: boolean;
let memory: IdleMemory;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  [collected, isTurnActive] = [0, false];
  memory = new IdleMemory({ isTurnActive: () => isTurnActive, idleMs: 1_000, collect: () => collected++ });
});
afterEach(() => {
  vi.useRealTimers();
});

it("does so once in a time in which nothing happens", () => {
  vi.advanceTimersByTime(999);
  expect(collected).toBe(0);
  vi.advanceTimersByTime(10_000);
  expect(collected).toBe(1);
});

it("does not while it is used, and does again afterwards", () => {
  for (let each = 0; each < 5; each++) {
    vi.advanceTimersByTime(900);
    memory.used();
  }
  expect(collected).toBe(0);
  vi.advanceTimersByTime(1_000);
  memory.used();
  vi.advanceTimersByTime(1_000);
  expect(collected).toBe(2);
});

it("waits for the end of a turn that asks nothing for long", () => {
  isTurnActive = true;
  vi.advanceTimersByTime(5_500);
  expect(collected).toBe(0);
  isTurnActive = false;
  vi.advanceTimersByTime(500);
  expect(collected).toBe(1);
});
