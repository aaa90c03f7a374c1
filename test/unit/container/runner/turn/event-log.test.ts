import { describe, expect, it } from "vitest";
import type { TurnEventBody } from "../../../../../container/protocol.ts";
import { EventLog } from "../../../../../container/runner/turn/event-log.ts";

const progress = (message: string): TurnEventBody => ({ type: "progress", message });
const usage = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_tokens: 0 };
const settled = {
  type: "settled" as const,
  status: "completed" as const,
  answer: "a",
  error: null,
  usage,
  duration_ms: 1,
};

function logOf(...bodies: TurnEventBody[]): EventLog {
  let clock = 100;
  const log = new EventLog(() => clock++);
  for (const body of bodies) log.append(body);
  return log;
}

it("numbers events from 1 and dates them", () => {
  expect(logOf(progress("a"), progress("b")).since(0)).toEqual([
    { seq: 1, at: 100, body: progress("a") },
    { seq: 2, at: 101, body: progress("b") },
  ]);
});

it.each([
  [0, [1, 2, 3]],
  [1, [2, 3]],
  [3, []],
  [99, []],
])("hands out what is above %i", (after, numbers) => {
  expect(
    logOf(progress("a"), progress("b"), progress("c"))
      .since(after)
      .map(({ seq }) => seq),
  ).toEqual(numbers);
});

it("takes nothing after the turn has settled", () => {
  const log = logOf(progress("a"), settled);
  log.append(progress("late"));
  log.append({ ...settled, status: "failed" });
  expect(log.length).toBe(2);
  expect(log.settled).toEqual(settled);
});

it("has not settled before it is told so", () => {
  expect(logOf(progress("a")).settled).toBeUndefined();
});

describe("waiting for a change", () => {
  const never = new AbortController().signal;

  async function isDone(promise: Promise<void>): Promise<boolean> {
    let done = false;
    void promise.then(() => {
      done = true;
    });
    await new Promise(setImmediate);
    return done;
  }

  it("is over at once when there is something above the number", async () => {
    expect(await isDone(logOf(progress("a")).changed(0, never))).toBe(true);
  });

  it("goes on until something comes, for all who wait", async () => {
    const log = logOf(progress("a"));
    const waits = [log.changed(1, never), log.changed(1, never)];
    expect(await Promise.all(waits.map(isDone))).toEqual([false, false]);
    log.append(progress("b"));
    expect(await Promise.all(waits.map(isDone))).toEqual([true, true]);
  });

  it("is over when the signal aborts, now or before", async () => {
    const log = logOf();
    const controller = new AbortController();
    const wait = log.changed(0, controller.signal);
    expect(await isDone(wait)).toBe(false);
    controller.abort();
    expect(await isDone(wait)).toBe(true);
    expect(await isDone(log.changed(0, controller.signal))).toBe(true);
  });
});
