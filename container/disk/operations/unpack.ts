// Takes one archive apart into a directory that nothing uses yet. Nothing of it gets outside, whatever the archive says: each
// entry is judged before tar sees it.
import { lstatSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import * as z from "zod";
import { HttpFailure } from "../../lib/http.ts";
import type { Bodies } from "../operation.ts";
import { DELETED } from "../pack.ts";
import { absolutePath, ROOTS } from "../paths.ts";
import { makeWritable, removePath } from "../remove.ts";
import { extractTar, GnuTar } from "../tar.ts";
import { BadArchive, type TarEntry, TarFilter, type TarVisitor } from "../tar-filter.ts";

/** What goes in is an archive; `directory` holds the roots, and what the archives before this one have left there. */
export const Unpack = {
  name: "unpack",
  request: z.object({
    directory: z.string(),
    tar: GnuTar,
    /** Of all files together, when they are no longer compressed. */
    max_bytes: z.number(),
  }),
  result: z.object({}),
};
type Request = z.infer<typeof Unpack.request>;

/** Zlib's own 16 kB would be many small steps. */
const CHUNK_BYTES = 256 * 1024;

/** Throws `corrupt` where the archive holds what must not be; then `directory` is of no use any more. */
export async function unpack(
  request: Request,
  { input }: Pick<Bodies, "input">,
): Promise<z.infer<typeof Unpack.result>> {
  const { archive, done } = extractTar(request.tar, request.directory);
  const filter = new TarFilter(new Judge(request));
  const [read, written] = await Promise.allSettled([
    pipeline(input, createZstdDecompress({ chunkSize: CHUNK_BYTES }), filter, archive),
    done,
  ]);
  const reason: unknown = read.status === "rejected" ? read.reason : undefined;
  if (reason instanceof BadArchive) throw corrupt(reason.message);
  if (isUnreadable(reason)) throw corrupt("The archive cannot be decompressed.");
  if (written.status === "rejected") throw written.reason;
  if (read.status === "rejected") throw reason;
  return {};
}

function corrupt(message: string): HttpFailure {
  return new HttpFailure(422, { code: "corrupt", message });
}

function isUnreadable(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ZSTD_");
}

/** Keeps every entry below the roots: no way up, no way through a link, nothing but files, directories and links. */
export class Judge implements TarVisitor {
  readonly #request: Pick<Request, "directory" | "max_bytes">;
  readonly #links = new Set<string>();
  /** Directories of which it is known that the way to them leads through no link. */
  readonly #safe = new Set<string>(ROOTS);
  #bytes = 0;
  #isFirst = true;

  constructor(request: Pick<Request, "directory" | "max_bytes">) {
    this.#request = request;
  }

  entry(entry: TarEntry): "pass" | "take" {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst && entry.path === DELETED && entry.type === "file") return "take";
    this.#requireInside(entry.path);
    if (entry.type === "hardlink") this.#requireInside(entry.target);
    this.#bytes += entry.size;
    if (this.#bytes > this.#request.max_bytes) throw new BadArchive("The archive holds more than an agent may have.");
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
      makeWritable(this.#request.directory, parent);
      removePath(this.#request.directory, path);
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
    return lstatSync(absolutePath(this.#request.directory, path), { throwIfNoEntry: false });
  }
}

function outside(path: string): BadArchive {
  return new BadArchive(`The archive would write outside of its place: ${JSON.stringify(path.slice(0, 200))}.`);
}
