// What the disk was like at the last checkpoints, a file for each: written and read by the disk process only.
import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";

export class Manifests {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Ids of the checkpoints. */
  held(): Promise<string[]> {
    return readdir(this.#directory).catch(() => []);
  }

  async open(id: string): Promise<Readable | undefined> {
    const path = join(this.#directory, id);
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    return isThere ? createReadStream(path) : undefined;
  }

  /** Moves the file at `path`, on the same file system. */
  async take(id: string, path: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await rename(path, join(this.#directory, id));
  }

  async keepOnly(ids: readonly (string | null)[]): Promise<void> {
    for (const other of await this.held()) {
      if (!ids.includes(other)) await rm(join(this.#directory, other), { force: true });
    }
  }

  async forgetAll(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
