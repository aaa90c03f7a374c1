import { type Dirent, lstatSync, opendirSync, readdirSync } from "node:fs";
import { dirname } from "node:path/posix";
import type { Notes } from "../../lib/notes.ts";
import { IgnoreRules } from "./ignore-rules.ts";
import { isGone, lstatOrUndefined, readRegularFile } from "./regular-file.ts";

export interface WalkOptions {
  /** Absolute. */
  root: string;
  /** A directory with more entries is left out. */
  maxDirectoryEntries: number;
  notes: Notes;
}

interface Directory {
  /** "" for the root, else ends with "/". */
  path: string;
  /** Names in order, a directory's with "/" at its end: with it the walk goes through the paths in ascending order. */
  names: string[];
  next: number;
  rules: IgnoreRules;
}

const maxDepth = 64;
// Of a directory, with a name of medium length.
const bytesPerEntry = 40;
const maxIgnoreFileBytes = 128 * 1024;

/**
 * Paths of regular files and symbolic links, in ascending order of UTF-16 code units. Leaves out ignored ones, .git at
 * any level, and special files. What cannot be read, is too deep or too large is noted. Yields undefined for a step that
 * found nothing, so that the caller can pause there too.
 */
export function* walkWorkspace(options: WalkOptions): Generator<string | undefined> {
  const stack = [openDirectory(options, "", IgnoreRules.none)];
  for (let directory = stack.at(-1); directory !== undefined; directory = stack.at(-1)) {
    const name = directory.names[directory.next];
    directory.next += 1;
    if (name === undefined) {
      stack.pop();
      continue;
    }
    const path = directory.path + name;
    const isIgnored = directory.rules.ignores(path);
    const isDirectory = name.endsWith("/");
    yield isIgnored || isDirectory ? undefined : path;
    if (isIgnored || !isDirectory) continue;
    if (stack.length < maxDepth) stack.push(openDirectory(options, path, directory.rules));
    else options.notes.add(path, `is deeper than ${maxDepth} directories and not compared`);
  }
}

function openDirectory(options: WalkOptions, path: string, outerRules: IgnoreRules): Directory {
  const names = listNames(options, path);
  let rules = outerRules;
  // The last rule that matches decides, and a .gitignore prevails over the repository's own rules.
  if (names.delete(".git/")) rules = readRules(options, { directory: path, file: ".git/info/exclude", rules });
  if (names.has(".gitignore")) rules = readRules(options, { directory: path, file: ".gitignore", rules });
  return { path, names: [...names].sort(), next: 0, rules };
}

function listNames(options: WalkOptions, path: string): Set<string> {
  const { maxDirectoryEntries, notes } = options;
  try {
    const names = readNames(options, path);
    if (names.size <= maxDirectoryEntries) return names;
    notes.add(path || ".", `has more than ${maxDirectoryEntries} entries and is not compared`);
  } catch (error) {
    if (!isGone(error)) notes.add(path || ".", "cannot be read and is not compared");
    else if (path.includes("\uFFFD")) notes.add(path, "has a name that is not UTF-8 and is not compared");
  }
  return new Set();
}

function readNames({ root, maxDirectoryEntries }: WalkOptions, path: string): Set<string> {
  const names = new Set<string>();
  // Without the "/" at the end, which would lead through a link.
  const absolutePath = path === "" ? root : `${root}/${path.slice(0, -1)}`;
  for (const entry of readEntries(absolutePath, maxDirectoryEntries * bytesPerEntry)) {
    if (entry.isDirectory()) names.add(`${entry.name}/`);
    // A .git file or link leads to the repository of a worktree or submodule and is no content either.
    else if ((entry.isFile() || entry.isSymbolicLink()) && entry.name !== ".git") names.add(entry.name);
    if (names.size > maxDirectoryEntries) break;
  }
  return names;
}

/** One by one where a directory is so large that all at once take too much memory; for a small one that takes more. */
function* readEntries(path: string, largeBytes: number): Generator<Dirent> {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return;
  if (stat.size < largeBytes) {
    yield* readdirSync(path, { withFileTypes: true });
    return;
  }
  const directory = opendirSync(path);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield entry;
  } finally {
    directory.closeSync();
  }
}

function readRules(
  { root, notes }: WalkOptions,
  { directory, file, rules }: { directory: string; file: string; rules: IgnoreRules },
): IgnoreRules {
  const path = directory + file;
  // Git does not follow a link here, and the runner must not read outside the workspace.
  for (let parent = dirname(file); parent !== "."; parent = dirname(parent)) {
    if (lstatOrUndefined(`${root}/${directory}${parent}`)?.isDirectory() !== true) return rules;
  }
  const content = readRegularFile(`${root}/${path}`, maxIgnoreFileBytes);
  if (content !== undefined) return rules.withRules({ directory, path, text: content.toString() }, notes);
  if (lstatOrUndefined(`${root}/${path}`)?.isFile() === true) {
    notes.add(path, `cannot be read or is larger than ${maxIgnoreFileBytes} bytes: its rules have no effect`);
  }
  return rules;
}
