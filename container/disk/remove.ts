// Removes what is on disk whatever its modes: a directory that its owner may not write to can be removed only after it may.
import { chmodSync, constants, lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { absolutePath } from "./paths.ts";

/** A path with one character per byte, below `root`. What is not there is no error. Links are not followed. */
export function removePath(root: string, path: string): void {
  const absolute = absolutePath(root, path);
  const stat = lstatSync(absolute, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    unlinkSync(absolute);
    return;
  }
  emptyDirectory(root, path);
  rmdirSync(absolute);
}

/** The directory itself stays, and may be written to afterwards. */
export function emptyDirectory(root: string, path: string): void {
  makeWritable(root, path);
  for (const name of readdirSync(absolutePath(root, path), { encoding: "latin1" })) removePath(root, `${path}/${name}`);
}

/** Returns the mode that it had. */
export function makeWritable(root: string, path: string): number {
  const absolute = absolutePath(root, path);
  const { mode } = lstatSync(absolute);
  if ((mode & constants.S_IRWXU) !== constants.S_IRWXU) chmodSync(absolute, mode | constants.S_IRWXU);
  return mode;
}
