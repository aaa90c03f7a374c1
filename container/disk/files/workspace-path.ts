// Paths as callers give them. A checked one has one character per byte, as everywhere on this side (../paths.ts).
import { realpathSync } from "node:fs";
import { HttpFailure } from "../../lib/http.ts";
import { absolutePath } from "../paths.ts";

const MAX_BYTES = 4_096;
const MAX_NAME_BYTES = 255;
/** What HFS+ leaves out when it compares names (git's utf8.c, next_hfs_char). */
const IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;

/** Undefined where it is no plain path below the workspace; "" is the workspace. */
export function workspacePath(path: string): string | undefined {
  if (path === "") return "";
  if (!path.isWellFormed()) return undefined;
  const bytes = Buffer.from(path).toString("latin1");
  const isPlain = bytes
    .split("/")
    .every((name) => name !== "" && name !== "." && name !== ".." && name.length <= MAX_NAME_BYTES);
  return isPlain && !bytes.includes("\0") && bytes.length <= MAX_BYTES ? bytes : undefined;
}

/** Throws `path_refused`, also for what git would take for a repository's own on any file system. */
export function requireWritable(path: string): string {
  const checked = workspacePath(path);
  if (checked === undefined || checked === "") {
    throw refusal(path, "is no path below the workspace (relative, without empty parts, `.` and `..`)");
  }
  if (path.split("/").some(isGitName)) throw refusal(path, "is in .git, which belongs to git alone");
  return checked;
}

/** Whether some file system takes the name for `.git`. */
export function isGitName(name: string): boolean {
  const folded = name
    .replace(IGNORED, "")
    .toLowerCase()
    .replace(/[. ]+$/, "");
  return folded === ".git" || folded === "git~1";
}

/**
 * Where a checked path really is: links are followed as long as they stay in the workspace. `root` is the workspace's own
 * real path. A path below the workspace may change right after the look.
 */
export function realPlace(root: string, path: string): string | Buffer | "missing" | "outside" {
  let real: Buffer;
  try {
    real = realpathSync(path === "" ? root : absolutePath(root, path), { encoding: "buffer" });
  } catch (error) {
    // ELOOP is a link that leads in circles.
    const code = error instanceof Error && "code" in error ? error.code : "";
    return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" ? "missing" : "outside";
  }
  return isBelow(root, real) ? real : "outside";
}

export function isBelow(root: string, real: Buffer): boolean {
  const top = Buffer.from(root);
  if (real.equals(top)) return true;
  return real.subarray(0, top.length).equals(top) && real[top.length] === 0x2f;
}

/** For messages: a part of it, quoted. */
export function quoted(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}

export function refusal(path: string, why: string): HttpFailure {
  return new HttpFailure(422, { code: "path_refused", message: `${quoted(path)} ${why}. Nothing was written.` });
}
