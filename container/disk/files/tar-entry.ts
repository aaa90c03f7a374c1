// Writes the headers of a tar archive (POSIX.1-2001 pax), of the one kind that tar-filter.ts understands: what comes from
// elsewhere is told anew in it, so that there is no second way to read it.
import type { TarEntry } from "../tar-filter.ts";
import { BLOCK, writeChecksum } from "../tar-header.ts";

export interface NewEntry extends TarEntry {
  /** Only the bits of who may read, write and execute. */
  mode: number;
  /** Unix time in seconds. */
  mtime: number;
}

export const END = Buffer.alloc(2 * BLOCK);

const TYPES: Readonly<Record<TarEntry["type"], string>> = { file: "0", hardlink: "1", symlink: "2", directory: "5" };
const MAX_NAME = 100;

/** The header, an extended one before it where it is needed. */
export function headerOf(entry: NewEntry): Buffer {
  const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
  const records = [
    ...(path.length > MAX_NAME ? [record("path", path)] : []),
    ...(entry.target.length > MAX_NAME ? [record("linkpath", entry.target)] : []),
  ].join("");
  const main = block({ ...entry, path, typeflag: TYPES[entry.type] });
  if (records === "") return main;
  const extended = { path: "PaxHeaders/entry", target: "", size: records.length, mode: 0o644, mtime: 0, typeflag: "x" };
  return Buffer.concat([block(extended), Buffer.from(records, "latin1"), padding(records.length), main]);
}

/** What fills a content up to whole blocks. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** "<length> <key>=<value>\n"; the length counts itself. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

function block(entry: Omit<NewEntry, "type"> & { typeflag: string }): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(entry.path.slice(0, MAX_NAME), 0, "latin1");
  header.write(octal(entry.mode, 7), 100, "latin1");
  header.write(octal(0, 7), 108, "latin1");
  header.write(octal(0, 7), 116, "latin1");
  header.write(octal(entry.size, 11), 124, "latin1");
  header.write(octal(entry.mtime, 11), 136, "latin1");
  header.write(entry.typeflag, 156, "latin1");
  header.write(entry.target.slice(0, MAX_NAME), 157, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  writeChecksum(header);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
