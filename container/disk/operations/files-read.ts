// Contents of files of the workspace, whole or in part.
import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync, type Stats } from "node:fs";
import type { Writable } from "node:stream";
import * as z from "zod";
import { type ReadAnswer, type ReadFile, ReadRequest } from "../../lib/files-protocol.ts";
import { hashOf } from "../../runner/workspace/content-store.ts";
import { writeJson } from "../files/json-body.ts";
import { isBelow, realPlace, workspacePath } from "../files/workspace-path.ts";

export const FilesRead = {
  name: "files_read",
  request: z.object({ workspace: z.string(), read: ReadRequest }),
  result: z.object({}),
};

/** Never blocks, and never goes through a link that came in the file's place after the look. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** An UTF-8 sequence has four bytes at most. */
const MAX_CUT = 3;

/** The answer, a ReadAnswer, is the body. */
export async function filesRead(
  { workspace, read }: z.infer<typeof FilesRead.request>,
  { output }: { output: Writable },
): Promise<Record<string, never>> {
  const root = realpathSync(workspace);
  const files: ReadFile[] = [];
  let left = read.max_bytes;
  for (const { path, offset } of read.files) {
    const file = left === 0 ? failed(path, "skipped") : readFile({ root, path, offset, maxBytes: left });
    if (file.status === "ok") left -= file.bytes;
    files.push(file);
  }
  await writeJson(output, { files } satisfies ReadAnswer);
  return {};
}

interface Part {
  root: string;
  path: string;
  offset: number;
  maxBytes: number;
}

function readFile(part: Part): ReadFile {
  const { root, path } = part;
  const checked = workspacePath(path);
  const place = checked === undefined ? "outside" : realPlace(root, checked);
  if (place === "missing" || place === "outside") return failed(path, place);
  const seen = lstatSync(place, { throwIfNoEntry: false });
  if (seen?.isDirectory()) return failed(path, "directory");
  if (seen !== undefined && !seen.isFile()) return failed(path, "not_regular");
  let fd: number;
  try {
    fd = openSync(place, FLAGS);
  } catch (error) {
    return failed(
      path,
      error instanceof Error && "code" in error && error.code === "ENOENT" ? "missing" : "unreadable",
    );
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return failed(path, "not_regular");
    return isStillInside(root, fd) ? contentOf(part, fd, stat) : failed(path, "outside");
  } finally {
    closeSync(fd);
  }
}

/** A directory on the way may have become a link since the look. Where it cannot be known (macOS), the look counts. */
function isStillInside(root: string, fd: number): boolean {
  if (process.platform !== "linux") return true;
  return isBelow(root, realpathSync(`/proc/self/fd/${fd}`, { encoding: "buffer" }));
}

function contentOf({ path, offset, maxBytes }: Part, fd: number, stat: Stats): ReadFile {
  const buffer = Buffer.alloc(Math.max(0, Math.min(maxBytes, stat.size - offset)));
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length; length += read) {
    read = readSync(fd, buffer, length, buffer.length - length, offset + length);
  }
  const truncated = offset + length < stat.size;
  const { bytes, encoding } = encode(buffer.subarray(0, length), truncated);
  return {
    status: "ok",
    path,
    content: bytes.toString(encoding === "utf-8" ? "utf8" : "base64"),
    encoding,
    size: stat.size,
    offset,
    bytes: bytes.length,
    truncated: truncated || bytes.length < length,
    executable: (stat.mode & constants.S_IXUSR) !== 0,
    ...(offset === 0 && bytes.length === stat.size ? { sha256: hashOf(bytes) } : {}),
  };
}

/** A cut character goes to the next part. */
function encode(bytes: Buffer, truncated: boolean): { bytes: Buffer; encoding: "utf-8" | "base64" } {
  for (let cut = 0; cut <= (truncated ? MAX_CUT : 0) && cut < bytes.length; cut++) {
    const whole = bytes.subarray(0, bytes.length - cut);
    if (isUtf8(whole)) return { bytes: whole, encoding: "utf-8" };
  }
  return { bytes, encoding: bytes.length === 0 ? "utf-8" : "base64" };
}

function failed(path: string, status: Exclude<ReadFile["status"], "ok">): ReadFile {
  return { status, path };
}
