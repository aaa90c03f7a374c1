// File trees as plain values, written to and read from temporary directories.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

export type TreeFile = { content: string; executable?: boolean } | { target: string };
/** By path; a file's content is written as UTF-8. */
export type Tree = Record<string, TreeFile>;

export function file(content: string): TreeFile {
  return { content };
}

export function executable(content: string): TreeFile {
  return { content, executable: true };
}

export function link(target: string): TreeFile {
  return { target };
}

export function makeFifo(path: string): void {
  execFileSync("sh", ["-c", 'mkfifo "$0"', path]);
}

/** Removed when the test is over. */
export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "workspace-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Makes `root` hold exactly `tree`, and leaves files alone that are right already. */
export function writeTree(root: string, tree: Tree): void {
  for (const [path, existing] of Object.entries(readTree(root))) {
    if (JSON.stringify(existing) !== JSON.stringify(normalized(tree[path]))) rmSync(join(root, path));
  }
  removeEmptyDirectories(root);
  const present = readTree(root);
  for (const [path, entry] of Object.entries(tree)) {
    if (path in present) continue;
    mkdirSync(join(root, dirname(path)), { recursive: true });
    if ("target" in entry) {
      symlinkSync(entry.target, join(root, path));
    } else {
      writeFileSync(join(root, path), entry.content);
      chmodSync(join(root, path), entry.executable ? 0o755 : 0o644);
    }
  }
}

/** Everything but directories, as git sees it. */
export function readTree(root: string, prefix = ""): Tree {
  const tree: Tree = {};
  for (const entry of readdirSync(join(root, prefix), { withFileTypes: true })) {
    const name = prefix + entry.name;
    const path = join(root, name);
    if (entry.isDirectory()) Object.assign(tree, readTree(root, `${name}/`));
    else if (entry.isSymbolicLink()) tree[name] = link(readlinkSync(path));
    else if (entry.isFile()) {
      const isExecutable = (lstatSync(path).mode & 0o100) !== 0;
      tree[name] = { content: readFileSync(path, "utf8"), executable: isExecutable };
    }
  }
  return tree;
}

function normalized(entry: TreeFile | undefined): TreeFile | undefined {
  return entry === undefined || "target" in entry
    ? entry
    : { content: entry.content, executable: entry.executable === true };
}

export function normalizedTree(tree: Tree): Tree {
  const sorted: Tree = {};
  for (const path of Object.keys(tree).sort()) {
    const entry = normalized(tree[path]);
    if (entry !== undefined) sorted[path] = entry;
  }
  return sorted;
}

function removeEmptyDirectories(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    removeEmptyDirectories(path);
    if (readdirSync(path).length === 0) rmSync(path, { recursive: true });
  }
}
