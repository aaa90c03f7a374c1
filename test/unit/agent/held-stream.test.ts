import { expect, it } from "vitest";
import { holdStream } from "../../../src/agent/workspace/held-stream.ts";

const IDLE_MS = 30;

it("passes everything on, and ends with it", async () => {
  const seen: string[] = [];
  const { readable, ended } = holdStream(source("one", "two"), IDLE_MS, () => seen.push("bytes"));
  expect(await new Response(readable).text()).toBe("onetwo");
  await ended;
  expect(seen).toHaveLength(2);
});

it("ends for a reader that brings its own buffer, too", async () => {
  const { readable, ended } = holdStream(source("one"), IDLE_MS, () => {});
  const reader = readable.getReader({ mode: "byob" });
  expect((await reader.read(new Uint8Array(10))).value).toHaveLength(3);
  expect((await reader.read(new Uint8Array(10))).done).toBe(true);
  await ended;
});

it("fails where the source does", async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("cut")) });
  const { readable, ended } = holdStream(broken, IDLE_MS, () => {});
  await expect(new Response(readable).text()).rejects.toThrow("cut");
  await ended;
});

it("ends with a reader that leaves, and tells the source", async () => {
  const left = Promise.withResolvers<unknown>();
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: left.resolve,
  });
  const { readable, ended } = holdStream(endless, IDLE_MS, () => {});
  const reader = readable.getReader();
  await reader.read();
  await reader.cancel("enough");
  await ended;
  expect(await left.promise).toBe("enough");
});

it("ends where the reader takes nothing any more", async () => {
  const left = Promise.withResolvers<void>();
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: () => left.resolve(),
  });
  const { readable, ended } = holdStream(endless, IDLE_MS, () => {});
  const reader = readable.getReader();
  await reader.read();
  await ended;
  await left.promise;
  await expect(reader.read()).rejects.toThrow("nobody read");
});

it("ends where the source sends nothing any more", async () => {
  const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const { readable, ended } = holdStream(silent, IDLE_MS, () => {});
  await expect(new Response(readable).text()).rejects.toThrow("nothing came");
  await ended;
});

function source(...texts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const text = texts.shift();
      if (text === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(text));
    },
  });
}
