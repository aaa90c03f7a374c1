import { expect, it } from "vitest";
import type { TurnView, WatchLine } from "../../../src/agent/types.ts";
import { Watchers } from "../../../src/agent/watchers.ts";
import { readNdjson } from "../../../src/lib/ndjson.ts";

const PAGE = 50;
const VIEW = { turn_id: "turn_1", status: "completed", answer: "x".repeat(100_000) } as TurnView;

/** A turn whose lines are stored, and told to whoever follows. */
function lab() {
  const stored: WatchLine[] = [];
  const asked: number[] = [];
  const watchers = new Watchers((_, after) => {
    asked.push(after);
    const lines = stored.slice(after, after + PAGE);
    return { lines, last: after + lines.length, isAll: lines.length < PAGE };
  });
  const say = (count: number): void => {
    for (let n = 0; n < count; n++) {
      const line: WatchLine = { type: "progress", seq: stored.length + 1, message: "x".repeat(300) };
      stored.push(line);
      watchers.publish("turn_1", line.seq, [line]);
    }
  };
  return { watchers, say, stored, asked };
}

async function allOf(stream: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const lines: unknown[] = [];
  for await (const line of readNdjson(stream)) lines.push(line);
  return lines;
}

it("tells a watcher who does not read for long everything, in order, and the end last", async () => {
  const { watchers, say, stored } = lab();
  const slow = watchers.watch("turn_1", 0);
  say(5_000);
  watchers.finish(VIEW);
  expect(await allOf(slow)).toEqual([...stored, { type: "view", view: VIEW }]);
});

it("tells a watcher who stops in between what they have missed", async () => {
  const { watchers, say, stored } = lab();
  const stream = watchers.watch("turn_1", 0);
  const lines = readNdjson(stream);
  const seen: unknown[] = [];
  for (const count of [10, 1_000, 1, 3_000]) {
    say(count);
    for (let n = 0; n < 5; n++) seen.push((await lines.next()).value);
  }
  watchers.finish(VIEW);
  for await (const line of lines) seen.push(line);
  expect(seen).toEqual([...stored, { type: "view", view: VIEW }]);
});

it("tells a watcher who keeps up each line once, as it comes", async () => {
  const { watchers, say, stored, asked } = lab();
  const lines = readNdjson(watchers.watch("turn_1", 0));
  const seen: unknown[] = [];
  for (let n = 0; n < 100; n++) {
    const next = lines.next();
    await new Promise((resolve) => setTimeout(resolve));
    say(1);
    seen.push((await next).value);
  }
  expect(seen).toEqual(stored);
  expect(asked).toHaveLength(1);
});

it("looks up nothing and keeps next to nothing for those who do not read", () => {
  const { watchers, say, asked } = lab();
  for (let n = 0; n < 1_000; n++) watchers.watch("turn_1", 0);
  const before = process.memoryUsage();
  say(2_000);
  watchers.finish(VIEW);
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  // 1 000 times 2 000 lines of 300 characters would be 600 MB.
  expect(grown).toBeLessThan(60_000_000);
  expect(asked).toEqual([]);
});

it("refuses one more than a thousand, and takes others once some have left or the turn has ended", async () => {
  const { watchers } = lab();
  const [first] = Array.from({ length: 1_000 }, (_, n) => watchers.watch(`turn_${1 + (n % 2)}`, 0));
  const one = () => watchers.watch("turn_3", 0);
  expect(one).toThrow(expect.objectContaining({ code: "busy", message: expect.stringContaining("wait_seconds 0") }));
  await first?.cancel();
  one();
  expect(one).toThrow();
  watchers.finish(VIEW);
  for (let n = 0; n < 499; n++) one();
  expect(one).toThrow();
});

it("tells a turn that has settled from the number on that is asked for", async () => {
  const { watchers, say, stored } = lab();
  say(120);
  expect(await allOf(watchers.replay(100, VIEW))).toEqual([...stored.slice(100), { type: "view", view: VIEW }]);
});
