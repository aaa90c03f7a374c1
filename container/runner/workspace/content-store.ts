// Contents of files as they were, by their SHA-256. A cache: a content that is missing or damaged is not given out, and
// nothing fails without it.

import { hash as digest } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { lstatOrUndefined, readRegularFile } from "./regular-file.ts";
import { createTimeSlice } from "./time-slice.ts";

const temporaryName = "incoming";

export class ContentStore {
  #directory: string;
  #maxBytes: number;
  #usedBytes = 0;
  #isBroken = false;

  private constructor(directory: string, maxBytes: number) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /**
   * Removes what an earlier process left, and nothing that is not named like a content. The directory belongs to one
   * store; it is created readable to its owner only, since a workspace may hold secrets. Throws as `mkdirSync` does.
   */
  static async open(directory: string, maxBytes: number): Promise<ContentStore> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const pause = createTimeSlice();
    for (const name of readdirSync(directory)) {
      await pause();
      if (name === temporaryName || /^[0-9a-f]{64}$/.test(name)) removeFile(join(directory, name));
    }
    return new ContentStore(directory, maxBytes);
  }

  /** Lets a store try again whose disk was full. */
  retry(): void {
    this.#isBroken = false;
  }

  hasRoomFor(bytes: number): boolean {
    return !this.#isBroken && this.#usedBytes + bytes <= this.#maxBytes;
  }

  has(hash: string): boolean {
    return lstatOrUndefined(this.#pathOf(hash))?.isFile() === true;
  }

  /** @returns whether the content is kept. */
  put(hash: string, content: Buffer): boolean {
    if (this.has(hash)) return true;
    return this.#keep(hash, content.length, (path) => writeFileSync(path, content, { mode: 0o600, flag: "wx" }));
  }

  /**
   * Keeps a copy, which shares its blocks with the file where the file system can do that.
   * @returns the hash of the copy, which is not the file's if that changes meanwhile; undefined if it is not kept.
   */
  putCopy(source: string, maxBytes: number): string | undefined {
    const temporary = join(this.#directory, temporaryName);
    try {
      removeFile(temporary);
      copyFileSync(source, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      chmodSync(temporary, 0o600);
      const content = readRegularFile(temporary, maxBytes);
      if (content === undefined) return undefined;
      const hash = hashOf(content);
      const isKept = this.has(hash) || this.#keep(hash, content.length, (path) => renameSync(temporary, path));
      return isKept ? hash : undefined;
    } catch {
      this.#isBroken = true;
      return undefined;
    } finally {
      removeFile(temporary);
    }
  }

  /** @returns undefined where the content is not kept, or is not what its name says. */
  read(hash: string, maxBytes: number): Buffer | undefined {
    const content = readRegularFile(this.#pathOf(hash), maxBytes);
    return content !== undefined && hashOf(content) === hash ? content : undefined;
  }

  remove(hash: string): void {
    const path = this.#pathOf(hash);
    const size = lstatOrUndefined(path)?.size;
    if (size === undefined) return;
    removeFile(path);
    this.#usedBytes -= size;
  }

  #keep(hash: string, bytes: number, place: (path: string) => void): boolean {
    if (!this.hasRoomFor(bytes)) return false;
    try {
      place(this.#pathOf(hash));
      this.#usedBytes += bytes;
      return true;
    } catch {
      removeFile(this.#pathOf(hash));
      this.#isBroken = true;
      return false;
    }
  }

  #pathOf(hash: string): string {
    return join(this.#directory, hash);
  }
}

export function hashOf(content: Buffer): string {
  return digest("sha256", content, "hex");
}

/** As a cache may, it leaves what cannot be removed. */
function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or not ours to remove.
  }
}
