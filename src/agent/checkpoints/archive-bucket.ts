// Archives in the bucket: streamed in and out, never held in memory. All of an agent's are under one prefix.
import type { ArchiveDigest } from "../../../container/lib/checkpoint-protocol.ts";

export interface ArchiveSource extends ArchiveDigest {
  read(offset: number, length: number): Promise<ReadableStream<Uint8Array>>;
}

export interface ArchiveBucketOptions {
  bucket: R2Bucket;
  /** Ends with a slash. Asked for when it is needed: an agent knows whose it is from its first turn on. */
  prefix(): string;
  /** What is longer goes in parts, each of this length save the last. At least 5 MiB. */
  partBytes?: number;
}

/** Well below what fails often, and 10 000 parts are the limit. https://developers.cloudflare.com/r2/objects/multipart-objects/ */
const PART_BYTES = 64 * 1024 * 1024;

export class ArchiveBucket {
  readonly #bucket: R2Bucket;
  readonly #prefix: () => string;
  readonly #partBytes: number;

  constructor({ bucket, prefix, partBytes = PART_BYTES }: ArchiveBucketOptions) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#partBytes = partBytes;
  }

  keyOf(id: string): string {
    return `${this.#prefix()}${id}.tar.zst`;
  }

  /** Rejects where the bucket does not take it, or what came is not what `source` says. */
  async put(key: string, source: ArchiveSource, onMultipart: (uploadId: string) => void): Promise<void> {
    if (source.bytes > this.#partBytes) return await this.#putParts(key, source, onMultipart);
    const { readable, sent } = ofLength(await source.read(0, source.bytes), source.bytes);
    await Promise.all([this.#bucket.put(key, readable, { sha256: source.sha256 }), sent]);
  }

  /** Null where there is no such object. */
  async get(key: string): Promise<ReadableStream<Uint8Array> | null> {
    return (await this.#bucket.get(key))?.body ?? null;
  }

  /** Also ends a multipart upload that was left. Nothing there is no error. */
  async remove(key: string, uploadId: string | null): Promise<void> {
    // One that was completed or ended before is not known any more.
    if (uploadId !== null)
      await this.#bucket
        .resumeMultipartUpload(key, uploadId)
        .abort()
        .catch(() => {});
    await this.#bucket.delete(key);
  }

  /** Everything under the prefix. */
  async removeAll(): Promise<void> {
    for (;;) {
      const { objects, truncated } = await this.#bucket.list({ prefix: this.#prefix() });
      if (objects.length > 0) await this.#bucket.delete(objects.map(({ key }) => key));
      if (!truncated) return;
    }
  }

  async #putParts(key: string, source: ArchiveSource, onMultipart: (uploadId: string) => void): Promise<void> {
    const upload = await this.#bucket.createMultipartUpload(key);
    onMultipart(upload.uploadId);
    const digest = new crypto.DigestStream("SHA-256");
    const hasher = digest.getWriter();
    const parts: R2UploadedPart[] = [];
    for (let offset = 0; offset < source.bytes; offset += this.#partBytes) {
      const length = Math.min(this.#partBytes, source.bytes - offset);
      const body = (await source.read(offset, length)).pipeThrough(copyTo(hasher));
      const { readable, sent } = ofLength(body, length);
      const [part] = await Promise.all([upload.uploadPart(parts.length + 1, readable), sent]);
      parts.push(part);
    }
    await hasher.close();
    if (hex(await digest.digest) !== source.sha256) throw new Error("the archive changed on its way to the bucket");
    await upload.complete(parts);
  }
}

/** The bucket takes a stream only with its length. */
function ofLength(body: ReadableStream<Uint8Array>, bytes: number) {
  const { readable, writable } = new FixedLengthStream(bytes);
  return { readable, sent: body.pipeTo(writable) };
}

function copyTo(writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView>) {
  return new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      await writer.write(chunk);
      controller.enqueue(chunk);
    },
  });
}

function hex(digest: ArrayBuffer): string {
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
