import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PING_INTERVAL_MS, StreamLine, type TurnEventBody } from "../../../../container/protocol.ts";
import { streamEvents } from "../../../../container/runner/event-stream.ts";
import { EventLog } from "../../../../container/runner/turn/event-log.ts";

const usage = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_tokens: 0 };
const SETTLED: TurnEventBody = {
  type: "settled",
  status: "completed",
  answer: "a",
  error: null,
  usage,
  duration_ms: 1,
};
const BIG = "x".repeat(1_000_000);

let log: EventLog;
let server: Server;
let responses: ServerResponse[];
/** How many streams have come to their end. */
let finished: number;

beforeEach(async () => {
  log = new EventLog();
  finished = 0;
  responses = [];
  server = createServer((request, response) => {
    responses.push(response);
    const after = Number(new URL(request.url ?? "/", "http://x").searchParams.get("after"));
    void streamEvents(response, log, after).then(() => finished++);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  server.closeAllConnections();
  await expect.poll(() => finished).toBe(responses.length);
  server.close();
  await once(server, "close");
});

function progress(message: string): TurnEventBody {
  return { type: "progress", message };
}

async function open(after = 0): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const request = httpRequest({ port, host: "127.0.0.1", path: `/?after=${after}` });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

async function numbers(response: IncomingMessage): Promise<unknown[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line).seq);
}

it("sends its headers at once, also when there is no event yet", async () => {
  const response = await open();
  expect(response.statusCode).toBe(200);
  expect(response.headers["content-type"]).toBe("application/x-ndjson");
  response.destroy();
});

it.each([
  [0, [1, 2, 3]],
  [2, [3]],
  [3, []],
  [50, []],
])("sends what is above %i and ends with the settled event", async (after, expected) => {
  for (const body of [progress("a"), progress("b"), SETTLED]) log.append(body);
  expect(await numbers(await open(after))).toEqual(expected);
});

it("sends what comes while it is open", async () => {
  log.append(progress("a"));
  const response = await open();
  await sleep(20);
  log.append(progress("b"));
  await sleep(20);
  log.append(SETTLED);
  expect(await numbers(response)).toEqual([1, 2, 3]);
});

it("sends what happens together in one piece, and its own end with the last event", async () => {
  const response = await open();
  const pieces: string[] = [];
  response.setEncoding("utf8").on("data", (piece) => pieces.push(piece));
  log.append(progress("a"));
  await Promise.resolve();
  log.append(progress("b"));
  await expect.poll(() => pieces.length).toBe(1);
  log.append(progress("c"));
  await Promise.resolve();
  log.append(SETTLED);
  await once(response, "end");
  expect(pieces.map((piece) => piece.trim().split("\n").length)).toEqual([2, 2]);
});

describe("a reader that does not read", () => {
  it("does not hold up the others or the log, and gets everything once it reads", async () => {
    const slow = await open();
    slow.pause();
    const fast = open().then(numbers);
    for (let count = 0; count < 30; count++) log.append(progress(BIG));
    log.append(SETTLED);
    const all = Array.from({ length: 31 }, (_, index) => index + 1);
    expect(await fast).toEqual(all);
    expect(finished).toBe(1);
    expect(await numbers(slow)).toEqual(all);
  });

  it("does not pile up what it has not read", async () => {
    const slow = await open();
    slow.pause();
    for (let count = 0; count < 30; count++) log.append(progress(BIG));
    await sleep(100);
    expect(responses[0]?.writableLength).toBeLessThan(3 * BIG.length);
    slow.destroy();
  });

  it("is given up when it goes away", async () => {
    const slow = await open();
    slow.pause();
    for (let count = 0; count < 30; count++) log.append(progress(BIG));
    await sleep(50);
    expect(finished).toBe(0);
    slow.destroy();
    await expect.poll(() => finished).toBe(1);
  });
});

describe("a stream on which nothing happens", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("shows every ten seconds that it is alive, until the turn has settled", async () => {
    const response = await open();
    vi.advanceTimersByTime(2 * PING_INTERVAL_MS);
    log.append(SETTLED);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().trim().split("\n");
    expect(lines.map((line) => StreamLine.parse(JSON.parse(line)))).toEqual([
      { type: "ping" },
      { type: "ping" },
      expect.objectContaining({ seq: 1 }),
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("ends when its reader goes away while nothing happens", async () => {
  const response = await open();
  response.destroy();
  await expect.poll(() => finished).toBe(1);
});
