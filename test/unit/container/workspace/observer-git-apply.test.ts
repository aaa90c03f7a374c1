import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { WorkspaceChanges } from "../../../../container/protocol.ts";
import { openWorkspaceObserver } from "../../../../container/runner/workspace/observer.ts";
import { applyWithGit, countWithGit } from "./git-apply.ts";
import { randomChange, randomTree, seededRandom } from "./random-trees.ts";
import { executable, file, link, normalizedTree, type Tree, temporaryDirectory, writeTree } from "./trees.ts";

const thirtyLines = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join("");

const cases: [name: string, before: Tree, after: Tree][] = [
  ["a changed line", { a: file(thirtyLines) }, { a: file(thirtyLines.replace("line 9", "LINE")) }],
  [
    "two distant changes",
    { a: file(thirtyLines) },
    { a: file(thirtyLines.replace("line 2\n", "").replace("line 25", "x\nline 25")) },
  ],
  ["a new file", {}, { a: file("1\n") }],
  ["a new empty file", {}, { "two words": file("") }],
  ["a deleted file", { "d/a": file("1\n") }, {}],
  ["a deleted empty file", { a: file("") }, {}],
  ["a file that becomes empty", { a: file("1\n") }, { a: file("") }],
  ["a lost newline at the end", { a: file("1\n2\n") }, { a: file("1\n2") }],
  ["a gained newline at the end", { a: file("1\n2") }, { a: file("1\n2\n") }],
  ["no newline at either end", { a: file("1\n2") }, { a: file("0\n2") }],
  ["lines with CR LF", { a: file("1\r\n2\r\n") }, { a: file("1\r\n3\r\n2\n") }],
  ["a byte order mark", { a: file("\uFEFF1\n") }, { a: file("\uFEFF2\n") }],
  ["a NUL byte far into a text", { a: file(`${"x".repeat(9000)}\n\0\n`) }, { a: file(`${"x".repeat(9000)}\n\0\0\n`) }],
  ["an executable bit that is set", { "a b": file("1\n") }, { "a b": executable("1\n") }],
  ["a directory whose name ends with a space", { "d / a": file("") }, { "d / a": executable("") }],
  ["an executable bit that is cleared from a changed file", { a: executable("1\n") }, { a: file("2\n") }],
  ["a renamed file", { a: file("1\n") }, { "d/größe": file("1\n") }],
  ["a renamed file with another mode", { a: file("1\n") }, { b: executable("1\n") }],
  ["a file moved into a directory of its name", { a: file("1\n") }, { "a/b": file("1\n") }],
  ["a file moved to the place of its directory", { "a/b": file("1\n") }, { a: file("1\n") }],
  ["a directory for a file", { a: file("1\n") }, { "a/b": file("2\n"), "a/c/d": file("3\n") }],
  ["a file for a directory", { "a/b": file("2\n"), "a/c/d": file("3\n") }, { a: file("1\n") }],
  ["two files that swap their contents", { a: file("1\n"), b: file("2\n") }, { a: file("2\n"), b: file("1\n") }],
  ["a new symbolic link", {}, { "l k": link("to here") }],
  ["a changed symbolic link", { l: link("a") }, { l: link("b\nc") }],
  ["a symbolic link for a file", { a: file("b") }, { a: link("b") }],
  ["a file for a symbolic link", { a: link("b") }, { a: executable("b") }],
  ["a symbolic link for a directory", { "a/b": file("1\n"), "c/b": file("1\n") }, { a: link("c"), "c/b": file("1\n") }],
  ["a directory for a symbolic link", { a: link("c"), "c/b": file("1\n") }, { "a/b": file("1\n"), "c/b": file("1\n") }],
];

describe("the diff, applied by git to the old tree, gives the new tree", () => {
  test.each(cases)("for %s", async (_name, before, after) => {
    const changes = await observeChange(before, after);
    expect(changes.total_changed).toBeGreaterThan(0);
    expect(applyWithGit(before, changes.diff)).toEqual(normalizedTree(after));
  });

  test.each(Array.from({ length: 200 }, (_, seed) => seed))("for random trees, seed %i", async (seed) => {
    const random = seededRandom(seed);
    const before = randomTree(random);
    const after = randomChange(random, before);
    const changes = await observeChange(before, after);
    expect(applyWithGit(before, changes.diff)).toEqual(normalizedTree(after));
    expect(changes.notes).toEqual([]);
    expect(changedPaths(changes)).toEqual(differingPaths(normalizedTree(before), normalizedTree(after)));
    for (const [path, counts] of Object.entries(countWithGit(changes.diff))) {
      const changed = changes.changed_files.find((candidate) => candidate.path === path);
      // Git counts the two halves of a change of type one by one.
      if (isLink(before, path) === isLink(after, path))
        expect([changed?.added_lines, changed?.removed_lines]).toEqual(counts);
    }
  });
});

async function observeChange(before: Tree, after: Tree): Promise<WorkspaceChanges> {
  const directory = temporaryDirectory();
  const root = join(directory, "root");
  writeTree(directory, { "root/.git/HEAD": file("never seen\n") });
  writeTree(root, before);
  const observer = await openWorkspaceObserver({ root, storeDir: join(directory, "store") });
  await observer.baseline();
  writeTree(root, after);
  return observer.changes();
}

function changedPaths({ changed_files }: WorkspaceChanges): string[] {
  return changed_files.flatMap(({ path, previous_path }) => (previous_path ? [path, previous_path] : [path])).sort();
}

function differingPaths(before: Tree, after: Tree): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => JSON.stringify(before[path]) !== JSON.stringify(after[path])).sort();
}

function isLink(tree: Tree, path: string): boolean | undefined {
  const entry = tree[path];
  return entry === undefined ? undefined : "target" in entry;
}
