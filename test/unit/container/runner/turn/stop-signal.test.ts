import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StopSignal } from "../../../../../container/runner/turn/stop-signal.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function hasFired(signal: StopSignal): Promise<boolean> {
  return await Promise.race([signal.fired.then(() => true), Promise.resolve().then(() => false)]);
}

it("fires at the deadline and not before", async () => {
  const signal = new StopSignal(1_000);
  await vi.advanceTimersByTimeAsync(999);
  expect([await hasFired(signal), signal.reason]).toEqual([false, undefined]);
  await vi.advanceTimersByTimeAsync(1);
  expect([await hasFired(signal), signal.reason]).toEqual([true, "deadline"]);
});

it("fires at once when it is stopped", async () => {
  const signal = new StopSignal(1_000);
  signal.stop("cancelled");
  expect([await hasFired(signal), signal.reason]).toEqual([true, "cancelled"]);
});

it("keeps its first reason", async () => {
  const cancelled = new StopSignal(1_000);
  cancelled.stop("cancelled");
  await vi.advanceTimersByTimeAsync(5_000);
  cancelled.stop("deadline");
  expect(cancelled.reason).toBe("cancelled");

  const late = new StopSignal(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  late.stop("cancelled");
  expect(late.reason).toBe("deadline");
});

it("has no deadline any more once it is cleared, and leaves no timer", async () => {
  const signal = new StopSignal(1_000);
  signal.clear();
  await vi.advanceTimersByTimeAsync(5_000);
  expect([await hasFired(signal), signal.reason]).toEqual([false, undefined]);
  expect(vi.getTimerCount()).toBe(0);
});

it("leaves no timer when it is stopped", () => {
  new StopSignal(1_000).stop("cancelled");
  expect(vi.getTimerCount()).toBe(0);
});

it("takes a time longer than timers can be for a long time", async () => {
  const signal = new StopSignal(10 * 2 ** 31);
  await vi.advanceTimersByTimeAsync(86_400_000);
  expect([await hasFired(signal), signal.reason]).toEqual([false, undefined]);
  signal.clear();
});
