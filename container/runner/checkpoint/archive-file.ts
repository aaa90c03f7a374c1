// Where the disk process's output goes when it saves: the archive, with its length and hash, and the manifest.
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { ChunkReader } from "../../disk/chunks.ts";

export class ArchiveFile extends Writable {
  readonly archivePath: string;
  readonly manifestPath: string;
  bytes = 0;
  readonly #hash = createHash("sha256");
  readonly #reader = new ChunkReader();
  readonly #archive: FileHandle;
  readonly #manifest: FileHandle;

  /** Both in `directory`, which is made. */
  static async create(directory: string): Promise<ArchiveFile> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const paths = [join(directory, "archive.tar.zst"), join(directory, "manifest")] as const;
    return new ArchiveFile(paths, [await open(paths[0], "w", 0o600), await open(paths[1], "w", 0o600)]);
  }

  private constructor(paths: readonly [string, string], handles: readonly [FileHandle, FileHandle]) {
    super();
    [this.archivePath, this.manifestPath] = paths;
    [this.#archive, this.#manifest] = handles;
  }

  /** Whether the archive has come whole. */
  get isWhole(): boolean {
    return this.#reader.hasEnded;
  }

  /** Hexadecimal. To be asked for once, at the end. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    this.#store(chunk).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    Promise.all([this.#archive.close(), this.#manifest.close()]).then(
      () => done(error),
      (cause: Error) => done(error ?? cause),
    );
  }

  async #store(chunk: Buffer): Promise<void> {
    for (const { body, bytes } of this.#reader.take(chunk)) {
      if (body === "second") {
        await this.#manifest.writeFile(bytes);
        continue;
      }
      this.#hash.update(bytes);
      this.bytes += bytes.length;
      await this.#archive.writeFile(bytes);
    }
  }
}
