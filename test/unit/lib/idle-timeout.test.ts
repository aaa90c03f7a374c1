import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withIdleTimeout } from "../../../src/lib/idle-timeout.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Yields 1, 2, 3, … with a pause before each; notes when it is closed. */
function source(...pausesMs: number[]) {
  const state = { isClosed: false };
  async function* values(): AsyncGenerator<number, void, undefined> {
    try {
      for (const [index, pauseMs] of pausesMs.entries()) {
        await after(pauseMs);
        yield index + 1;
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { values: values(), state };
}

async function read(values: AsyncGenerator<number, void, undefined>) {
  const got: number[] = [];
  let failure: unknown;
  const reading = (async () => {
    for await (const value of values) got.push(value);
  })().catch((error: unknown) => {
    failure = error;
  });
  await vi.runAllTimersAsync();
  await reading;
  return { got, failure };
}

it("passes everything on that comes in time", async () => {
  const { values, state } = source(90, 90, 90);
  expect(await read(withIdleTimeout(values, 100))).toEqual({ got: [1, 2, 3], failure: undefined });
  expect(state.isClosed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it("throws when nothing came for so long, after what came before", async () => {
  const { values, state } = source(10, 150, 10);
  const { got, failure } = await read(withIdleTimeout(values, 100));
  expect(got).toEqual([1]);
  expect(failure).toEqual(new Error("nothing came for 100 ms"));
  expect(state.isClosed).toBe(true);
});

it("throws also where the source hangs for ever", async () => {
  const values = (async function* () {
    await new Promise(() => {});
    yield 1;
  })();
  const { failure } = await read(withIdleTimeout(values, 100));
  expect(failure).toEqual(new Error("nothing came for 100 ms"));
});

it("passes the source's own error on", async () => {
  const values = (async function* () {
    yield 1;
    throw new Error("of the source");
  })();
  expect(await read(withIdleTimeout(values, 100))).toEqual({ got: [1], failure: new Error("of the source") });
});

describe("a slow reader", () => {
  it("is not taken for a silent source", async () => {
    const { values } = source(10, 10);
    const got: number[] = [];
    const reading = (async () => {
      for await (const value of withIdleTimeout(values, 100)) {
        got.push(value);
        await after(10_000);
      }
    })();
    await vi.runAllTimersAsync();
    await reading;
    expect(got).toEqual([1, 2]);
  });

  it("who leaves closes the source", async () => {
    const { values, state } = source(0, 0, 0);
    const reading = (async () => {
      for await (const _ of withIdleTimeout(values, 100)) break;
    })();
    await vi.runAllTimersAsync();
    await reading;
    expect(state.isClosed).toBe(true);
  });
});
