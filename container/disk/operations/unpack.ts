// Takes one archive apart into a directory that nothing uses yet. Nothing of it gets outside, whatever the archive says: each
// entry is judged before tar sees it.
import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { absolutePath, ROOTS } from "../../disk/paths.ts";
import { makeWritable, removePath } from "../../disk/remove.ts";
import type { ArchiveDigest } from "../../lib/checkpoint-protocol.ts";
import { DELETED } from "./pack.ts";
import { extractTar } from "./tar.ts";
import { BadArchive, type TarEntry, TarFilter, type TarVisitor } from "./tar-filter.ts";

export interface UnpackOptions {
  tar: string;
  /** Holds what the archives before this one have left. */
  directory: string;
  /** Of all files together, when they are no longer compressed. */
  maxBytes: number;
}

/**
 * Reads `source` to its end in any case. Throws {@link BadArchive} where it is not what `expected` says, or holds what must
 * not be; then `directory` is of no use any more.
 */
export async function unpackArchive(source: Readable, expected: ArchiveDigest, options: UnpackOptions): Promise<void> {
  const zstd = createZstdDecompress();
  const { archive, done } = extractTar(options.tar, options.directory);
  const work = Promise.allSettled([pipeline(zstd, new TarFilter(new Judge(options)), archive), done]);
  const digest = await feed(source, zstd);
  const [read, written] = await work;
  const reason = read.status === "rejected" ? read.reason : undefined;
  if (digest.sha256 !== expected.sha256 || digest.bytes !== expected.bytes) {
    throw new BadArchive("The archive is not the one that was saved.", { cause: reason });
  }
  if (reason instanceof BadArchive) throw reason;
  if (isUnreadable(reason)) throw new BadArchive("The archive cannot be decompressed.", { cause: reason });
  if (written.status === "rejected") throw written.reason;
  if (read.status === "rejected") throw reason;
}

async function feed(source: Readable, zstd: ReturnType<typeof createZstdDecompress>): Promise<ArchiveDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    if (!zstd.destroyed && !zstd.write(chunk)) await untilWritable(zstd);
  }
  if (!zstd.destroyed) zstd.end();
  return { sha256: hash.digest("hex"), bytes };
}

/** Resolves also when nothing can be written any more. */
function untilWritable(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const proceed = (): void => {
      stream.off("drain", proceed).off("close", proceed);
      resolve();
    };
    stream.on("drain", proceed).on("close", proceed);
  });
}

function isUnreadable(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ZSTD_");
}

/** Keeps every entry below the roots: no way up, no way through a link, nothing but files, directories and links. */
class Judge implements TarVisitor {
  readonly #options: UnpackOptions;
  readonly #links = new Set<string>();
  /** Directories of which it is known that the way to them leads through no link. */
  readonly #safe = new Set<string>(ROOTS);
  #bytes = 0;
  #isFirst = true;

  constructor(options: UnpackOptions) {
    this.#options = options;
  }

  entry(entry: TarEntry): "pass" | "take" {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst && entry.path === DELETED && entry.type === "file") return "take";
    this.#requireInside(entry.path);
    if (entry.type === "hardlink") this.#requireInside(entry.target);
    this.#bytes += entry.size;
    if (this.#bytes > this.#options.maxBytes) throw new BadArchive("The archive holds more than an agent may have.");
    // What is a link stays one: nobody can say what tar would do with the second of two entries.
    if (this.#links.has(entry.path)) throw outside(entry.path);
    if (entry.type === "directory" && this.#statOf(entry.path)?.isSymbolicLink()) throw outside(entry.path);
    if (entry.type === "symlink" || entry.type === "hardlink") this.#onLink(entry.path);
    return "pass";
  }

  taken(_: TarEntry, content: Buffer): void {
    for (const path of content.toString("latin1").split("\0")) {
      if (path === "") continue;
      this.#requireInside(path);
      const parent = path.slice(0, path.lastIndexOf("/"));
      if (this.#statOf(parent) === undefined) continue;
      makeWritable(this.#options.directory, parent);
      removePath(this.#options.directory, path);
    }
  }

  /** A hard link may be one to a symbolic link. */
  #onLink(path: string): void {
    this.#links.add(path);
    if (!this.#safe.has(path)) return;
    this.#safe.clear();
    for (const root of ROOTS) this.#safe.add(root);
  }

  #requireInside(path: string): void {
    const parts = path.split("/");
    const isPlain = parts.every((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0"));
    if (!isPlain || parts.length < 2 || !ROOTS.includes(parts[0] ?? "")) throw outside(path);
    this.#requireNoLink(path.slice(0, path.lastIndexOf("/")));
  }

  #requireNoLink(directory: string): void {
    if (this.#safe.has(directory)) return;
    if (!directory.includes("/") || this.#links.has(directory)) throw outside(directory);
    this.#requireNoLink(directory.slice(0, directory.lastIndexOf("/")));
    if (this.#statOf(directory)?.isSymbolicLink()) throw outside(directory);
    this.#safe.add(directory);
  }

  #statOf(path: string) {
    return lstatSync(absolutePath(this.#options.directory, path), { throwIfNoEntry: false });
  }
}

function outside(path: string): BadArchive {
  return new BadArchive(`The archive would write outside of its place: ${JSON.stringify(path.slice(0, 200))}.`);
}
