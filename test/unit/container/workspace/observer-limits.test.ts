import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { observedWorkspace } from "./observed-workspace.ts";
import { file, type Tree } from "./trees.ts";

describe("contents without lines to show are reported", () => {
  test("if they are binary", async () => {
    const { root, observer } = await observedWorkspace({ a: file("\0") });
    writeFileSync(join(root, "a"), Buffer.from([0, 1]));
    writeFileSync(join(root, "b"), Buffer.alloc(100_000));
    const changes = await observer.changes();
    expect(changes.changed_files).toEqual([
      { path: "a", action: "modify", binary: true },
      { path: "b", action: "create", binary: true },
    ]);
    expect(changes.diff).toBe(
      "diff --git a/a b/a\nBinary files a/a and b/a differ\n" +
        "diff --git a/b b/b\nnew file mode 100644\nBinary files /dev/null and b/b differ\n",
    );
    expect(changes.notes).toEqual([]);
  });

  test("if they are no UTF-8, which is noted", async () => {
    const { root, observer } = await observedWorkspace({ a: file("1\n") });
    writeFileSync(join(root, "a"), Buffer.from("größe\n", "latin1"));
    const changes = await observer.changes();
    expect(changes.changed_files).toEqual([{ path: "a", action: "modify", binary: true }]);
    expect(changes.notes).toEqual(["a: text that is not UTF-8, shown as binary"]);
  });

  test("if they are too large before and after, which is noted once", async () => {
    const { root, observer } = await observedWorkspace({ a: file("1\n".repeat(100)) }, { maxTextFileBytes: 100 });
    writeFileSync(join(root, "a"), "2\n".repeat(100));
    expect(await observer.changes()).toMatchObject({
      changed_files: [{ path: "a", action: "modify" }],
      diff: "# a: too large to show (limit: 100 bytes)\n",
      notes: ["a: too large to show (limit: 100 bytes)"],
    });
  });

  test("if they are too large, which is noted and said in the diff", async () => {
    const { root, observer } = await observedWorkspace({ "a b": file("1\n") }, { maxTextFileBytes: 100 });
    writeFileSync(join(root, "a b"), "2\n".repeat(100));
    writeFileSync(join(root, "c"), "3\n");
    const changes = await observer.changes();
    expect(changes.changed_files).toEqual([
      { path: "a b", action: "modify" },
      { path: "c", action: "create", added_lines: 1, removed_lines: 0 },
    ]);
    expect(changes.diff).toMatch(/^# a b: too large to show \(limit: 100 bytes\)\ndiff --git a\/c b\/c\n/);
    expect(changes.notes).toEqual(["a b: too large to show (limit: 100 bytes)"]);
  });
});

test("texts of every size up to the limit are shown", async () => {
  const sizes = [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 300_000, 1024 * 1024];
  const tree: Tree = Object.fromEntries(sizes.map((size) => [`${size}`, file(`${"x".repeat(size - 3)}\na\n`)]));
  const { root, observer } = await observedWorkspace(tree, { maxDiffChars: 10_000_000 });
  for (const size of sizes) writeFileSync(join(root, `${size}`), `${"x".repeat(size - 3)}\nb\n`);
  const { diff, changed_files, notes } = await observer.changes();
  expect(notes).toEqual([]);
  expect(changed_files.map(({ added_lines, removed_lines }) => [added_lines, removed_lines])).toEqual(
    sizes.map(() => [1, 1]),
  );
  expect(diff.match(/^-a\n\+b$/gm)).toHaveLength(sizes.length);
});

describe("a store that is full", () => {
  test("leaves out the lines of what it could not keep, and notes that", async () => {
    const { root, observer } = await observedWorkspace(
      { a: file("123456\n"), b: file("1234567\n") },
      { maxStoreBytes: 10 },
    );
    writeFileSync(join(root, "b"), "2\n");
    const { changed_files, diff, notes } = await observer.changes();
    expect(changed_files).toEqual([{ path: "b", action: "modify" }]);
    expect(diff).toBe("# b: content not kept (the store is full or damaged), so no lines are shown\n");
    expect(notes).toEqual(["b: content not kept (the store is full or damaged), so no lines are shown"]);
  });

  test("does not keep new contents from being shown", async () => {
    const { root, observer } = await observedWorkspace({ a: file("123456\n") }, { maxStoreBytes: 10 });
    writeFileSync(join(root, "b"), "1234567\n");
    expect((await observer.changes()).diff).toContain("+1234567\n");
  });

  test("keeps at the next baseline what there is room for by then", async () => {
    const { root, storeDir, observer } = await observedWorkspace(
      { a: file("123456\n"), b: file("1234567\n") },
      { maxStoreBytes: 10 },
    );
    rmSync(join(root, "a"));
    await observer.changes();
    await observer.baseline();
    expect(readdirSync(storeDir)).toHaveLength(1);
    writeFileSync(join(root, "b"), "2\n");
    expect((await observer.changes()).diff).toContain("-1234567\n+2\n");
  });
});

test("a store that could not write keeps at the next baseline what it can write by then", async () => {
  const { root, storeDir, observer } = await observedWorkspace({});
  const path = join(storeDir, createHash("sha256").update("1\n").digest("hex"));
  mkdirSync(path);
  writeFileSync(join(root, "a"), "1\n");
  await observer.baseline();
  rmdirSync(path);
  await observer.baseline();
  writeFileSync(join(root, "a"), "2\n");
  expect((await observer.changes()).diff).toContain("-1\n+2\n");
});

describe("a damaged store", () => {
  test.each<[name: string, damage: (path: string) => void]>([
    ["whose contents were changed", (path) => writeFileSync(path, "9\n")],
    ["whose contents are gone", (path) => rmSync(path)],
  ])("%s shows nothing wrong", async (_name, damage) => {
    const { root, storeDir, observer } = await observedWorkspace({ a: file("1\n") });
    for (const name of readdirSync(storeDir)) damage(join(storeDir, name));
    writeFileSync(join(root, "a"), "2\n");
    const { diff, notes } = await observer.changes();
    expect(diff).toBe("# a: content not kept (the store is full or damaged), so no lines are shown\n");
    expect(notes).toHaveLength(1);
  });
});

describe("the diff", () => {
  test("leaves out whole files that do not fit, and says how many and how much", async () => {
    const { root, observer } = await observedWorkspace({}, { maxDiffChars: 200 });
    writeFileSync(join(root, "a"), "1\n");
    writeFileSync(join(root, "b"), "2\n".repeat(100));
    writeFileSync(join(root, "c"), "3\n");
    const changes = await observer.changes();
    const section = (name: string, line: string) =>
      `diff --git a/${name} b/${name}\nnew file mode 100644\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+${line}\n`;
    expect(changes.diff).toBe(
      `${section("a", "1")}${section("c", "3")}# … diff of 1 more files left out (380 characters)\n`,
    );
    expect(changes.diff_truncated).toBe(true);
    expect(changes.changed_files[1]).toEqual({ path: "b", action: "create", added_lines: 100, removed_lines: 0 });
  });

  test("is whole up to the very limit", async () => {
    const { root, observer } = await observedWorkspace({}, { maxDiffChars: 79 });
    writeFileSync(join(root, "a"), "1\n");
    const { diff, diff_truncated } = await observer.changes();
    expect([diff.length, diff_truncated]).toEqual([79, false]);
  });
});

test("no more than a number of changed files are listed and shown, with their true number", async () => {
  const { root, observer } = await observedWorkspace({}, { maxChangedFiles: 2 });
  for (const name of ["a", "b", "c", "d", "e"]) writeFileSync(join(root, name), "1\n");
  const changes = await observer.changes();
  expect(changes.changed_files.map(({ path }) => path)).toEqual(["a", "b"]);
  expect(changes.total_changed).toBe(5);
  expect(changes.diff_truncated).toBe(true);
  expect(changes.diff).toMatch(/# … diff of 3 more files left out \(at least 0 characters\)\n$/);
  expect(changes.notes).toEqual([".: has 5 changed files, of which the first 2 are listed and shown"]);
});

test("no more than a number of files are compared, and what is behind them never seems to come or go", async () => {
  const tree: Tree = { "d/1": file("1"), "d/2": file("2"), "d/3": file("3"), "e/4": file("4"), "e/5": file("5") };
  const { root, observer } = await observedWorkspace(tree, { maxFiles: 4 });
  rmSync(join(root, "d/1"));
  writeFileSync(join(root, "e/5"), "changed");
  const changes = await observer.changes();
  expect(changes.changed_files.map(({ path, action }) => [path, action])).toEqual([["d/1", "delete"]]);
  expect(changes.notes).toEqual(["e/5: is where the limit of 4 files is reached: it and what follows is not compared"]);
  writeFileSync(join(root, "e/5"), "again");
  expect((await observer.changes()).changed_files.map(({ path }) => path)).toEqual(["e/5"]);
});
