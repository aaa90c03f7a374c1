import { expect, it } from "vitest";
import { ReplayableBody } from "../../../src/gateway/replayable-body.ts";

function source(...pieces: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(encoder.encode(piece));
    },
  });
}

const text = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

it("shows its beginning, and is whole all the same", async () => {
  const body = new ReplayableBody(source("begin", "ning and end"), 1_000);
  expect(await body.head()).toBe("begin");
  expect(await text(body.stream())).toBe("beginning and end");
});

it("is sent again as it was, however much of it had gone out", async () => {
  const body = new ReplayableBody(source("one ", "two ", "three"), 1_000);
  const first = body.stream().getReader();
  await first.read();
  await first.cancel();
  expect(body.isReplayable).toBe(true);
  expect(await text(body.stream())).toBe("one two three");
  expect(await text(body.stream())).toBe("one two three");
});

it("loses no piece that an earlier stream was still waiting for", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const body = new ReplayableBody(readable, 1_000);
  void body.stream().getReader().read();
  const again = text(body.stream());
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("late"));
  await writer.close();
  expect(await again).toBe("late");
});

it("goes out once only, and whole, where it is longer than the limit", async () => {
  const body = new ReplayableBody(source("12345", "67890", "x"), 8);
  await body.head();
  expect(await text(body.stream())).toBe("1234567890x");
  expect(body.isReplayable).toBe(false);
});

it("keeps nothing once the answer is there, and the rest goes on", async () => {
  const body = new ReplayableBody(source("one ", "two ", "three"), 1_000);
  await body.head();
  const stream = body.stream();
  body.forget();
  expect(body.isReplayable).toBe(false);
  expect(await text(stream)).toBe("one two three");
});

it("may be empty", async () => {
  const body = new ReplayableBody(null, 10);
  expect(await body.head()).toBe("");
  expect(await text(body.stream())).toBe("");
});
