// Two bodies in one stream, where the length of the first is known only at its end: it comes in chunks, each after its length
// (32 bits, little endian), the last one empty; the second is what follows.
import type { Writable } from "node:stream";

const MAX_CHUNK_BYTES = 16 * 1024 * 1024;
const LENGTH_BYTES = 4;

/** Resolves when the stream wants more. Rejects where it breaks. */
export function writeAll(stream: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** `bytes` empty: the end of the first body. */
export async function writeChunk(stream: Writable, bytes: Buffer): Promise<void> {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(bytes.length);
  await writeAll(stream, length);
  if (bytes.length > 0) await writeAll(stream, bytes);
}

/** Takes such a stream apart again. */
export class ChunkReader {
  #length = Buffer.alloc(0);
  /** Of the chunk that is on its way. */
  #left = 0;
  #isFirst = true;

  /** Whether all of the first body has come. */
  get hasEnded(): boolean {
    return !this.#isFirst;
  }

  /** What of each body is in the next piece of the stream, in order. Throws an Error where it is no such stream. */
  *take(piece: Buffer): Generator<{ body: "first" | "second"; bytes: Buffer }> {
    for (let rest = piece; rest.length > 0; ) {
      if (!this.#isFirst) {
        yield { body: "second", bytes: rest };
        return;
      }
      if (this.#left === 0) {
        rest = this.#readLength(rest);
        continue;
      }
      const bytes = rest.subarray(0, this.#left);
      this.#left -= bytes.length;
      rest = rest.subarray(bytes.length);
      yield { body: "first", bytes };
    }
  }

  #readLength(piece: Buffer): Buffer {
    const missing = LENGTH_BYTES - this.#length.length;
    this.#length = Buffer.concat([this.#length, piece.subarray(0, missing)]);
    if (this.#length.length === LENGTH_BYTES) {
      this.#left = this.#length.readUInt32LE();
      this.#length = Buffer.alloc(0);
      if (this.#left > MAX_CHUNK_BYTES) throw new Error("a chunk is too long");
      this.#isFirst = this.#left > 0;
    }
    return piece.subarray(missing);
  }
}
