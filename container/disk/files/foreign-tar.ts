// Reads a tar archive as people make it (ustar, GNU, pax; GNU tar, bsdtar, libarchive) and tells it anew. The only reader that
// is lenient: GNU tar sees nothing of the archive but contents.
// https://www.gnu.org/software/tar/manual/html_node/Standard.html
import { Transform, type TransformCallback } from "node:stream";
import { BadArchive, numberAt, readPaxRecords, textAt, verifyChecksum } from "../tar-filter.ts";
import { BLOCK } from "../tar-header.ts";
import { END, headerOf, type NewEntry, padding } from "./tar-entry.ts";
import { refused, type UploadRules } from "./upload-rules.ts";

const TYPES: Readonly<Record<string, NewEntry["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};
const SPECIAL: Readonly<Record<string, string>> = {
  "3": "a device",
  "4": "a device",
  "6": "a pipe",
  S: "a sparse file (make the archive without --sparse)",
};
/** Long names of GNU tar, extended headers of one entry and of all that follow. */
const ABOUT_NEXT = new Set(["L", "K", "x", "g"]);
const MAX_ABOUT_BYTES = 1024 * 1024;
const GNU_MAGIC = "ustar ";

export class ForeignTar extends Transform {
  readonly #rules: UploadRules;
  #pieces: Buffer[] = [];
  #wanted = BLOCK;
  /** Of the content that is on its way: what goes on, then what fills its last block. */
  #content = 0;
  #filling = 0;
  #isDropped = false;
  #about: { typeflag: string; size: number } | undefined;
  readonly #global = new Map<string, string>();
  #next = new Map<string, string>();
  #hasEnded = false;

  constructor(rules: UploadRules) {
    super();
    this.#rules = rules;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    try {
      for (let rest = chunk; rest.length > 0 && !this.#hasEnded; ) rest = this.#consume(rest);
      done();
    } catch (error) {
      done(error instanceof Error ? error : new BadArchive(String(error)));
    }
  }

  override _flush(done: TransformCallback): void {
    // Some programs leave out the blocks of zeros at the end.
    const isBetween = this.#wanted === BLOCK && this.#pieces.length === 0 && this.#content + this.#filling === 0;
    if (!this.#hasEnded && (!isBetween || this.#about !== undefined)) {
      done(new BadArchive("The archive is cut off."));
      return;
    }
    this.push(END);
    done();
  }

  /** Returns what is left of the chunk. */
  #consume(chunk: Buffer): Buffer {
    if (this.#content > 0) {
      const part = chunk.subarray(0, this.#content);
      this.#content -= part.length;
      if (!this.#isDropped) this.push(part);
      return chunk.subarray(part.length);
    }
    if (this.#filling > 0) {
      const part = chunk.subarray(0, this.#filling);
      this.#filling -= part.length;
      // What is there does not matter.
      if (!this.#isDropped) this.push(Buffer.alloc(part.length));
      return chunk.subarray(part.length);
    }
    const part = chunk.subarray(0, this.#wanted);
    this.#wanted -= part.length;
    this.#pieces.push(part);
    if (this.#wanted === 0) this.#complete(Buffer.concat(this.#pieces));
    return chunk.subarray(part.length);
  }

  #complete(bytes: Buffer): void {
    this.#pieces = [];
    this.#wanted = BLOCK;
    const about = this.#about;
    this.#about = undefined;
    if (about === undefined) this.#onHeader(bytes);
    else this.#onAbout(about.typeflag, bytes.subarray(0, about.size));
  }

  #onHeader(header: Buffer): void {
    if (header.every((byte) => byte === 0)) {
      this.#hasEnded = true;
      return;
    }
    verifyChecksum(header);
    const typeflag = String.fromCharCode(header[156] ?? 0);
    const size = sizeAt(header);
    if (ABOUT_NEXT.has(typeflag)) {
      if (size > MAX_ABOUT_BYTES) throw new BadArchive("An extended header is out of bounds.");
      this.#about = { typeflag, size };
      this.#wanted = Math.ceil(size / BLOCK) * BLOCK;
      if (size === 0) this.#complete(Buffer.alloc(0));
      return;
    }
    this.#onEntry(header, typeflag);
  }

  #onAbout(typeflag: string, bytes: Buffer): void {
    if (typeflag === "L" || typeflag === "K") {
      const end = bytes.indexOf(0);
      this.#next.set(typeflag === "L" ? "path" : "linkpath", bytes.toString("latin1", 0, end === -1 ? undefined : end));
      return;
    }
    for (const [key, value] of readPaxRecords(bytes)) {
      if (key.startsWith("GNU.sparse.")) throw new BadArchive(`The archive has ${SPECIAL.S}.`);
      (typeflag === "g" ? this.#global : this.#next).set(key, value);
    }
  }

  #onEntry(header: Buffer, typeflag: string): void {
    const said = new Map([...this.#global, ...this.#next]);
    this.#next = new Map();
    const path = said.get("path") ?? nameIn(header);
    const type = path.endsWith("/") && "0\0".includes(typeflag) ? "directory" : TYPES[typeflag];
    if (type === undefined) throw refused(path, `is ${SPECIAL[typeflag] ?? `of type ${JSON.stringify(typeflag)}`}`);
    const size = Number(said.get("size") ?? sizeAt(header));
    if (!Number.isSafeInteger(size) || size < 0) throw refused(path, "has no size");
    // Of a link or directory, some programs tell the size of what is elsewhere.
    const length = type === "file" ? size : 0;
    const entry = this.#rules.accept({
      type,
      path,
      target: said.get("linkpath") ?? textAt(header, 157, 100),
      size: length,
      mode: numberAt(header, 100, 8),
      mtime: Number(said.get("mtime") ?? timeAt(header)),
    });
    if (entry !== undefined) this.push(headerOf(entry));
    this.#isDropped = entry === undefined;
    this.#content = length;
    this.#filling = padding(length).length;
  }
}

/** GNU tar has other things where others have the prefix. */
function nameIn(header: Buffer): string {
  const name = textAt(header, 0, 100);
  const prefix = header.toString("latin1", 257, 263) === GNU_MAGIC ? "" : textAt(header, 345, 155);
  const hasPrefix = prefix !== "" && header.toString("latin1", 257, 262) === "ustar";
  return hasPrefix ? `${prefix}/${name}` : name;
}

/** Above 8 GiB GNU tar writes a binary number. */
function sizeAt(header: Buffer): number {
  return isBinary(header, 124) ? Number(header.readBigUInt64BE(128)) : numberAt(header, 124, 12);
}

function timeAt(header: Buffer): number {
  return isBinary(header, 136) ? 0 : numberAt(header, 136, 12);
}

function isBinary(header: Buffer, at: number): boolean {
  return ((header[at] ?? 0) & 0x80) !== 0;
}
