// Moves a restored tree to where it is used. The directory that holds it stays the same one: processes work in it.
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import * as z from "zod";
import { writeAll } from "../chunks.ts";
import type { Bodies } from "../operation.ts";
import { absolutePath, ROOTS } from "../paths.ts";
import { emptyDirectory, makeWritable } from "../remove.ts";
import { scanDisk } from "../scan-disk.ts";

/** `from` holds the roots as they were restored, and `data_dir` as they are; both are on one file system. */
export const Place = {
  name: "place",
  request: z.object({ from: z.string(), data_dir: z.string() }),
  result: z.object({}),
};

/** Puts out a manifest of the disk afterwards. */
export async function place(
  { from, data_dir }: z.infer<typeof Place.request>,
  { output }: Bodies,
): Promise<z.infer<typeof Place.result>> {
  for (const root of ROOTS) putInPlace(from, data_dir, root);
  for (const part of scanDisk(data_dir).manifest.serialize()) await writeAll(output, part);
  return {};
}

function putInPlace(from: string, to: string, name: string): void {
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
