// Reads one file of the workspace into an entry: what it is, its hash, and a kept copy if its lines may have to be shown.

import { createHash } from "node:crypto";
import { closeSync, readlinkSync, type Stats } from "node:fs";
import { type ContentStore, hashOf } from "./content-store.ts";
import { type FileEntry, fileFlag } from "./file-table.ts";
import { fillFromFile, isGone, openRegularFile } from "./regular-file.ts";

export interface CaptureOptions {
  store: ContentStore;
  maxTextFileBytes: number;
  /** Working memory, at least 8000 bytes. */
  buffer: Buffer;
  /** See `createTimeSlice`. */
  pause: () => Promise<void> | undefined;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export interface FoundFile {
  path: string;
  absolutePath: string;
  /** What lstat says. */
  stat: Stats;
}

// Timestamps of common file systems are at most 2 s coarse (FAT); Linux updates them once a tick.
const racyWindowMs = 2000;
const binaryTestBytes = 8000;

/** @returns undefined where the file is gone or of another kind by now; flagged `unreadable` where it cannot be read. */
export async function captureFile(options: CaptureOptions, file: FoundFile): Promise<FileEntry | undefined> {
  const startedAt = options.now();
  const entry = file.stat.isSymbolicLink() ? captureLink(options, file) : await captureRegularFile(options, file);
  if (entry === undefined) return undefined;
  if (Math.max(entry.stat.mtimeMs, entry.stat.ctimeMs) > startedAt - racyWindowMs) entry.flags |= fileFlag.racy;
  return entry;
}

function captureLink({ store }: CaptureOptions, { path, absolutePath, stat }: FoundFile): FileEntry | undefined {
  try {
    const target = readlinkSync(absolutePath, "buffer");
    const hash = hashOf(target);
    const stored = store.put(hash, target) ? fileFlag.stored : 0;
    return { path, stat, hash: Buffer.from(hash, "hex"), flags: fileFlag.link | stored };
  } catch (error) {
    if (isGone(error)) return undefined;
    return { path, stat, hash: undefined, flags: fileFlag.link | fileFlag.unreadable };
  }
}

async function captureRegularFile(options: CaptureOptions, file: FoundFile): Promise<FileEntry | undefined> {
  const opened = openRegularFile(file.absolutePath);
  if (opened.status === "gone") return undefined;
  const unreadable = { ...file, hash: undefined, flags: executableFlag(file.stat) | fileFlag.unreadable };
  if (opened.status === "unreadable") return unreadable;
  const { fd, stat } = opened;
  try {
    const { hash, flags } = keepContent(
      options,
      await readContent(options, fd),
      linkToOpenFile(fd) ?? file.absolutePath,
    );
    return { path: file.path, stat, hash: Buffer.from(hash, "hex"), flags: flags | executableFlag(stat) };
  } catch {
    return unreadable;
  } finally {
    closeSync(fd);
  }
}

function executableFlag(stat: Stats): number {
  return (stat.mode & 0o100) === 0 ? 0 : fileFlag.executable;
}

interface Content {
  hash: string;
  size: number;
  isBinary: boolean;
  /** The content, if it is small; in the working memory. */
  whole: Buffer | undefined;
}

async function readContent({ buffer, pause }: CaptureOptions, fd: number): Promise<Content> {
  let length = fillFromFile(fd, buffer);
  const isBinary = buffer.subarray(0, Math.min(length, binaryTestBytes)).includes(0);
  if (length < buffer.length) {
    const whole = buffer.subarray(0, length);
    return { hash: hashOf(whole), size: length, isBinary, whole };
  }
  const hash = createHash("sha256");
  let size = 0;
  while (length > 0) {
    hash.update(buffer.subarray(0, length));
    size += length;
    await pause();
    length = fillFromFile(fd, buffer);
  }
  return { hash: hash.digest("hex"), size, isBinary, whole: undefined };
}

function keepContent(
  { store, maxTextFileBytes }: CaptureOptions,
  { hash, size, isBinary, whole }: Content,
  source: string,
): { hash: string; flags: number } {
  if (isBinary) return { hash, flags: fileFlag.binary };
  if (size > maxTextFileBytes) return { hash, flags: 0 };
  if (whole !== undefined) return { hash, flags: store.put(hash, whole) ? fileFlag.stored : 0 };
  if (store.has(hash)) return { hash, flags: fileFlag.stored };
  const kept = store.hasRoomFor(size) ? store.putCopy(source, maxTextFileBytes) : undefined;
  return kept === undefined ? { hash, flags: 0 } : { hash: kept, flags: fileFlag.stored };
}

/** A name of the very file that is open: what lies at its path may be replaced at any time, also by a fifo. */
function linkToOpenFile(fd: number): string | undefined {
  return process.platform === "linux" ? `/proc/self/fd/${fd}` : undefined;
}
