// What the workspace must not be able to do: stop the observer, lead it outside or change the report without a note.

import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asNobody } from "./as-nobody.ts";
import { observedWorkspace } from "./observed-workspace.ts";
import { file, makeFifo, temporaryDirectory, writeTree } from "./trees.ts";

test("a file that becomes a fifo is deleted, and the fifo is not opened", async () => {
  const { root, observer } = await observedWorkspace({ a: file("1\n") });
  rmSync(join(root, "a"));
  makeFifo(join(root, "a"));
  makeFifo(join(root, "b"));
  const { changed_files } = await observer.changes();
  expect(changed_files).toEqual([{ path: "a", action: "delete", added_lines: 0, removed_lines: 1 }]);
});

test("a directory that becomes a link to another with the same files is not followed", async () => {
  const { root, observer } = await observedWorkspace({ "d/e/a": file("1\n"), ".gitignore": file("") });
  const outside = temporaryDirectory();
  writeTree(outside, { "e/a": file("1\n"), "e/secret": file("2\n") });
  renameSync(join(root, "d"), join(outside, "old"));
  symlinkSync(outside, join(root, "d"));
  const { changed_files, diff } = await observer.changes();
  expect(changed_files.map(({ path, action }) => [path, action])).toEqual([
    ["d", "create"],
    ["d/e/a", "delete"],
  ]);
  expect(diff).not.toContain("secret");
});

test("a file that cannot be read any more is reported as changed without lines, and noted", async () => {
  await asNobody(async () => {
    const { root, observer } = await observedWorkspace({ a: file("1\n"), b: file("2\n") });
    chmodSync(join(root, "a"), 0);
    const { changed_files, diff, notes } = await observer.changes();
    expect(changed_files).toEqual([{ path: "a", action: "modify" }]);
    expect(diff).toBe("# a: cannot be read\n");
    expect(notes).toEqual(["a: cannot be read and is not compared"]);
  });
});

test("the files of a directory that cannot be searched any more do not seem deleted, which is noted", async () => {
  await asNobody(async () => {
    const { root, observer } = await observedWorkspace({ "d/a": file("1\n"), "d/e/b": file("2\n"), z: file("3\n") });
    chmodSync(join(root, "d"), 0);
    const changes = await observer.changes();
    expect(changes.changed_files).toEqual([]);
    expect(changes.notes).toEqual([
      "d/: cannot be read and is not compared",
      "d/a: cannot be read and is not compared",
      "d/e/b: cannot be read and is not compared",
    ]);
    chmodSync(join(root, "d"), 0o755);
    writeFileSync(join(root, "d/a"), "4\n");
    expect((await observer.changes()).diff).toContain("-1\n+4\n");
  });
});

test("a file whose name is not UTF-8 is noted", async () => {
  const { root, observer } = await observedWorkspace({ a: file("1\n") });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/x`), Buffer.from([0xff])]), "");
  const { changed_files, notes } = await observer.changes();
  expect(changed_files).toEqual([]);
  expect(notes).toEqual(['"x\\357\\277\\275": has a name that is not UTF-8 and is not compared']);
});

test("a workspace that is removed altogether has all its files deleted", async () => {
  const { root, observer } = await observedWorkspace({ a: file("1\n"), "d/b": file("2\n") });
  rmSync(root, { recursive: true });
  const { changed_files } = await observer.changes();
  expect(changed_files.map(({ path, action }) => [path, action])).toEqual([
    ["a", "delete"],
    ["d/b", "delete"],
  ]);
  mkdirSync(root);
  expect((await observer.changes()).total_changed).toBe(0);
});

test("a name that looks like a part of a diff stays on its line", async () => {
  const { root, observer } = await observedWorkspace({}, { maxTextFileBytes: 1 });
  writeFileSync(join(root, "a\n+++ b"), "12\n");
  const { diff, notes } = await observer.changes();
  expect(diff).toBe('# "a\\n+++ b": too large to show (limit: 1 bytes)\n');
  expect(notes).toEqual(['"a\\n+++ b": too large to show (limit: 1 bytes)']);
});
