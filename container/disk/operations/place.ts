// Moves a restored tree to where it is used. The directory that holds it stays the same one: processes work in it.
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { absolutePath } from "../../disk/paths.ts";
import { emptyDirectory, makeWritable } from "../../disk/remove.ts";

/** Replaces the content of `to`/`name` by that of `from`/`name`. Both are on one file system. */
export function putInPlace(from: string, to: string, name: string): void {
  mkdirSync(`${to}/${name}`, { recursive: true, mode: 0o700 });
  emptyDirectory(to, name);
  for (const entry of readdirSync(`${from}/${name}`, { encoding: "latin1" })) move(from, to, `${name}/${entry}`);
}

/** A directory that may not be written to cannot be moved: its way up would change. */
function move(from: string, to: string, path: string): void {
  const isDirectory = lstatSync(absolutePath(from, path)).isDirectory();
  const mode = isDirectory ? makeWritable(from, path) : undefined;
  renameSync(absolutePath(from, path), absolutePath(to, path));
  if (mode !== undefined) chmodSync(absolutePath(to, path), mode & 0o7777);
}
