// Opens files of a workspace that may be hostile: never through a symbolic link in the last position, never a fifo,
// socket or device, and never blocking.

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";

export type OpenedFile = { status: "open"; fd: number; stat: Stats } | { status: "gone" } | { status: "unreadable" };

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** "gone": there is no regular file of that name. The caller closes an open `fd`. */
export function openRegularFile(path: string): OpenedFile {
  let fd: number;
  try {
    fd = openSync(path, flags);
  } catch (error) {
    return { status: isGone(error) ? "gone" : "unreadable" };
  }
  const stat = fstatSync(fd);
  if (stat.isFile()) return { status: "open", fd, stat };
  closeSync(fd);
  return { status: "gone" };
}

/**
 * The whole content.
 * @returns undefined where there is no such file, or it cannot be read or is larger than `maxBytes`.
 */
export function readRegularFile(path: string, maxBytes: number): Buffer | undefined {
  const file = openRegularFile(path);
  if (file.status !== "open") return undefined;
  try {
    if (file.stat.size > maxBytes) return undefined;
    // One byte more than the file has, so that one that grew is told from one that did not.
    const content = Buffer.allocUnsafe(file.stat.size + 1);
    const length = fillFromFile(file.fd, content);
    return length > file.stat.size ? undefined : content.subarray(0, length);
  } catch {
    return undefined;
  } finally {
    closeSync(file.fd);
  }
}

/** The file system's answer about the name itself, undefined where there is none. */
export function lstatOrUndefined(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Reads on until the buffer is full or the file ends; returns the number of bytes. Throws as `readSync` does. */
export function fillFromFile(fd: number, buffer: Buffer): number {
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(fd, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return length;
}

// ELOOP, EMLINK (BSD): a link where O_NOFOLLOW forbids one. ENXIO: a socket. EINVAL: readlink of what is no link.
const goneCodes: readonly unknown[] = ["ENOENT", "ENOTDIR", "ELOOP", "EMLINK", "ENXIO", "EINVAL"];

/** Whether a file system error says that there is no such file, or another kind of file in its place. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && goneCodes.includes(error.code);
}
