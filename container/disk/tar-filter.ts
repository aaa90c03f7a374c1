// Reads a tar archive as it passes by (POSIX.1-2001 pax, as GNU tar writes it with --format=posix), entry by entry. The one
// reader for both directions: what goes out is counted, what comes in is judged before tar sees it. It understands only what
// our own archives hold and refuses all else, so that it and tar cannot understand an archive in two ways.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13
import { Transform, type TransformCallback } from "node:stream";
import { BLOCK, checksum, padded, writeChecksum } from "./tar-header.ts";

export interface TarEntry {
  type: "file" | "directory" | "symlink" | "hardlink";
  /** One character per byte. A directory's has no slash at its end. */
  path: string;
  /** Of a link; else empty. */
  target: string;
  size: number;
}

export interface TarVisitor {
  /** `take`: the entry is kept back, and its content goes to `taken`. Throws {@link BadArchive} where it must not pass. */
  entry(entry: TarEntry): "pass" | "take";
  taken(entry: TarEntry, content: Buffer): void;
}

export class BadArchive extends Error {
  override name = "BadArchive";
}

const TYPES: Readonly<Record<string, TarEntry["type"]>> = {
  "0": "file",
  "\0": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};
const HARMLESS = new Set(["mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "hdrcharset"]);
const MAX_PAX_BYTES = 1024 * 1024;
const MAX_TAKEN_BYTES = 256 * 1024 * 1024;
const SETUID = 0o4000;
const SETGID = 0o2000;

type Unit = { kind: "header" } | { kind: "pax" } | { kind: "taken"; entry: TarEntry };

export class TarFilter extends Transform {
  readonly #visitor: TarVisitor;
  /** What is being collected, until it has `#wanted` bytes. */
  #unit: Unit = { kind: "header" };
  #pieces: Buffer[] = [];
  #wanted = BLOCK;
  /** Bytes of a content that is on its way through. */
  #passing = 0;
  /** The extended header, which goes before the header that it is about. */
  #held: Buffer[] = [];
  #extended = new Map<string, string>();
  #hasEnded = false;
  /** What leaves together: each piece costs those after it more than its copy. */
  #leaving: Buffer[] = [];

  constructor(visitor: TarVisitor) {
    super();
    this.#visitor = visitor;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    try {
      for (let rest = chunk; rest.length > 0; ) rest = this.#consume(rest);
      const leaving = this.#leaving;
      this.#leaving = [];
      if (leaving.length > 0) this.push(leaving.length === 1 ? leaving[0] : Buffer.concat(leaving));
      done();
    } catch (error) {
      done(error instanceof Error ? error : new BadArchive(String(error)));
    }
  }

  override _flush(done: TransformCallback): void {
    done(this.#hasEnded ? null : new BadArchive("The archive is cut off."));
  }

  /** Returns what is left of the chunk. */
  #consume(chunk: Buffer): Buffer {
    // tar itself stops here as well.
    if (this.#hasEnded) return chunk.subarray(chunk.length);
    if (this.#passing > 0) {
      const part = chunk.subarray(0, this.#passing);
      this.#passing -= part.length;
      this.#leaving.push(part);
      return chunk.subarray(part.length);
    }
    const part = chunk.subarray(0, this.#wanted);
    this.#wanted -= part.length;
    this.#pieces.push(part);
    if (this.#wanted === 0) this.#complete(this.#unit, Buffer.concat(this.#pieces));
    return chunk.subarray(part.length);
  }

  #complete(unit: Unit, bytes: Buffer): void {
    this.#pieces = [];
    if (unit.kind === "pax") {
      readPax(bytes, this.#extended);
      this.#held.push(bytes);
    } else if (unit.kind === "taken") {
      this.#visitor.taken(unit.entry, bytes.subarray(0, unit.entry.size));
    } else {
      this.#onHeader(bytes);
      return;
    }
    this.#expect({ kind: "header" }, BLOCK);
  }

  #onHeader(header: Buffer): void {
    if (header[0] === 0 && header.every((byte) => byte === 0)) {
      this.#hasEnded = true;
      this.#leaving.push(Buffer.alloc(2 * BLOCK));
      return;
    }
    verifyChecksum(header);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === "x") {
      const size = numberAt(header, 124, 12);
      if (this.#held.length > 0 || size > MAX_PAX_BYTES) throw new BadArchive("An extended header is out of bounds.");
      this.#held.push(header);
      this.#expect({ kind: "pax" }, padded(size));
      return;
    }
    this.#onEntry(header, entryOf(header, type, this.#extended));
  }

  #onEntry(header: Buffer, entry: TarEntry): void {
    const held = this.#held;
    this.#held = [];
    this.#extended = new Map();
    const isTaken = this.#visitor.entry(entry) === "take";
    if (!isTaken) {
      this.#leaving.push(...held, withoutPrivileges(header, entry));
      this.#passing = padded(entry.size);
    }
    this.#expect({ kind: "header" }, BLOCK);
    if (!isTaken) return;
    if (entry.size > MAX_TAKEN_BYTES) throw new BadArchive("The list of removed files is too long.");
    if (entry.size === 0) this.#visitor.taken(entry, Buffer.alloc(0));
    else this.#expect({ kind: "taken", entry }, padded(entry.size));
  }

  #expect(unit: Unit, bytes: number): void {
    this.#unit = unit;
    this.#wanted = bytes;
  }
}

function entryOf(header: Buffer, typeflag: string, extended: ReadonlyMap<string, string>): TarEntry {
  const type = TYPES[typeflag];
  if (type === undefined) throw new BadArchive(`An entry has the type ${JSON.stringify(typeflag)}.`);
  const prefix = textAt(header, 345, 155);
  const name = textAt(header, 0, 100);
  const path = extended.get("path") ?? (prefix === "" ? name : `${prefix}/${name}`);
  const size = Number(extended.get("size") ?? numberAt(header, 124, 12));
  if (!Number.isSafeInteger(size) || size < 0) throw new BadArchive("An entry has no size.");
  if (type !== "file" && size !== 0) throw new BadArchive("A link or directory has a content.");
  const target = extended.get("linkpath") ?? textAt(header, 157, 100);
  if (type !== "directory" && path.endsWith("/")) throw new BadArchive("A file is named like a directory.");
  return { type, path: path.replace(/\/$/, ""), target: type === "file" || type === "directory" ? "" : target, size };
}

function readPax(bytes: Buffer, into: Map<string, string>): void {
  for (const [key, value] of readPaxRecords(bytes)) {
    if (["path", "linkpath", "size"].includes(key)) into.set(key, value);
    else if (!HARMLESS.has(key)) throw new BadArchive(`An extended header has the key ${JSON.stringify(key)}.`);
  }
}

/** "<length> <key>=<value>\n", again and again; the length counts itself. Throws {@link BadArchive}. */
export function* readPaxRecords(bytes: Buffer): Generator<[key: string, value: string]> {
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString("latin1", at, Math.max(at, space)));
    const record = bytes.toString("latin1", space + 1, at + length - 1);
    const equals = record.indexOf("=");
    if (!(length > 0) || at + length > bytes.length || equals < 1 || bytes[at + length - 1] !== 0x0a) {
      throw new BadArchive("An extended header cannot be read.");
    }
    yield [record.slice(0, equals), record.slice(equals + 1)];
    at += length;
  }
}

/** Restored, a file may belong to somebody who can do more than the one who made it. On a directory setgid only passes the group on. */
function withoutPrivileges(header: Buffer, { type }: TarEntry): Buffer {
  const mode = numberAt(header, 100, 8);
  const allowed = mode & ~(type === "directory" ? SETUID : SETUID | SETGID);
  if (allowed === mode) return header;
  const changed = Buffer.from(header);
  changed.write(`${allowed.toString(8).padStart(7, "0")}\0`, 100, "latin1");
  writeChecksum(changed);
  return changed;
}

export function verifyChecksum(header: Buffer): void {
  if (numberAt(header, 148, 8) !== checksum(header)) throw new BadArchive("A header's checksum is wrong.");
}

/** What octal digits cannot hold is in the extended header. */
export function numberAt(header: Buffer, at: number, length: number): number {
  if (((header[at] ?? 0) & 0x80) !== 0) throw new BadArchive("A header's number is not octal.");
  const digits = textAt(header, at, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw new BadArchive("A header's number cannot be read.");
  return Number.parseInt(digits || "0", 8);
}

export function textAt(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("latin1", 0, end === -1 ? length : end);
}
