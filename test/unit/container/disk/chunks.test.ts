import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { ChunkReader, writeAll, writeChunk } from "../../../../container/disk/chunks.ts";

async function written(first: readonly string[], second: string): Promise<Buffer> {
  const stream = new PassThrough();
  const all = buffer(stream);
  for (const chunk of first) await writeChunk(stream, Buffer.from(chunk));
  await writeChunk(stream, Buffer.alloc(0));
  await writeAll(stream, Buffer.from(second));
  stream.end();
  return all;
}

function read(bytes: Buffer, pieceBytes: number) {
  const reader = new ChunkReader();
  const bodies = { first: "", second: "" };
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const { body, bytes: part } of reader.take(bytes.subarray(at, at + pieceBytes))) bodies[body] += part;
  }
  return { ...bodies, hasEnded: reader.hasEnded };
}

it.each([1, 2, 3, 7, 1_000])("two bodies come apart again, whatever the pieces (%i bytes)", async (pieceBytes) => {
  const bytes = await written(["one", "", "two".repeat(50)].filter(Boolean), "the rest");
  expect(read(bytes, pieceBytes)).toEqual({ first: `one${"two".repeat(50)}`, second: "the rest", hasEnded: true });
  expect(read(await written([], ""), pieceBytes)).toEqual({ first: "", second: "", hasEnded: true });
});

it("a first body that is cut off has not ended", async () => {
  const bytes = await written(["one"], "");
  for (let length = 0; length < bytes.length; length++) expect(read(bytes.subarray(0, length), 5).hasEnded).toBe(false);
});

it("a chunk that would not fit into memory is refused", () => {
  expect(() => read(Buffer.from([0xff, 0xff, 0xff, 0xff, 0]), 100)).toThrow("too long");
});
