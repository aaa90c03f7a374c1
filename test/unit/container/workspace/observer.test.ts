import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openWorkspaceObserver } from "../../../../container/runner/workspace/observer.ts";
import { observedWorkspace } from "./observed-workspace.ts";
import { file, link, temporaryDirectory } from "./trees.ts";

const nothing = { changed_files: [], total_changed: 0, diff: "", diff_truncated: false, notes: [] };

test("a workspace that nothing changed has no changes", async () => {
  const { observer } = await observedWorkspace({ a: file("1\n"), "d/b": file("2\n"), l: link("a") });
  expect(await observer.changes()).toEqual(nothing);
});

test("changes are listed by path with their counts of lines", async () => {
  const { root, observer } = await observedWorkspace({ "d/b": file("1\n2\n"), "d/c": file("3\n"), m: file("4\n5\n") });
  writeFileSync(join(root, "a"), "6\n");
  writeFileSync(join(root, "d/b"), "1\nx\ny\n");
  rmSync(join(root, "d/c"));
  renameSync(join(root, "m"), join(root, "d/m"));
  const { changed_files, total_changed } = await observer.changes();
  expect(total_changed).toBe(4);
  expect(changed_files).toEqual([
    { path: "a", action: "create", added_lines: 1, removed_lines: 0 },
    { path: "d/b", action: "modify", added_lines: 2, removed_lines: 1 },
    { path: "d/c", action: "delete", added_lines: 0, removed_lines: 1 },
    { path: "d/m", action: "rename", previous_path: "m", added_lines: 0, removed_lines: 0 },
  ]);
});

test("changes that were reported are part of the next baseline", async () => {
  const { root, observer } = await observedWorkspace({ a: file("1\n") });
  writeFileSync(join(root, "a"), "2\n");
  expect((await observer.changes()).total_changed).toBe(1);
  expect(await observer.changes()).toEqual(nothing);
  writeFileSync(join(root, "a"), "3\n");
  expect((await observer.changes()).diff).toContain("-2\n+3\n");
});

test("changes before a baseline are not reported", async () => {
  const { root, observer } = await observedWorkspace({ a: file("1\n") });
  writeFileSync(join(root, "a"), "2\n");
  await observer.baseline();
  expect(await observer.changes()).toEqual(nothing);
});

test("a content of the same size is seen, however soon it is written", async () => {
  const { root, observer } = await observedWorkspace({ a: file("000\n") });
  for (let turn = 100; turn < 150; turn++) {
    writeFileSync(join(root, "a"), `${turn}\n`);
    const { diff } = await observer.changes();
    expect(diff).toContain(`+${turn}\n`);
  }
});

test("a file that is written anew with the same content has not changed", async () => {
  const { root, observer } = await observedWorkspace({ a: file("1\n") });
  rmSync(join(root, "a"));
  writeFileSync(join(root, "a"), "1\n");
  utimesSync(join(root, "a"), 1, 1);
  expect(await observer.changes()).toEqual(nothing);
});

test("calls that overlap run one after the other", async () => {
  const { root, observer } = await observedWorkspace({ a: file("1\n") });
  writeFileSync(join(root, "a"), "2\n");
  const [first, second] = await Promise.all([observer.changes(), observer.changes(), observer.baseline()]);
  expect([first.total_changed, second.total_changed]).toEqual([1, 0]);
});

describe("ignore rules", () => {
  test("keep files from being reported", async () => {
    const { root, observer } = await observedWorkspace({ ".gitignore": file("*.log\n") });
    writeFileSync(join(root, "a.log"), "1\n");
    writeFileSync(join(root, ".git/HEAD"), "changed\n");
    expect(await observer.changes()).toEqual(nothing);
  });

  test("that a turn adds do not make files seem deleted, nor hide their changes", async () => {
    const { root, observer } = await observedWorkspace({
      "a.log": file("1\n"),
      "d/b": file("2\n"),
      "d/c": file("3\n"),
    });
    writeFileSync(join(root, ".gitignore"), "*.log\nd/\n");
    writeFileSync(join(root, "d/b"), "4\n");
    rmSync(join(root, "d/c"));
    const { changed_files } = await observer.changes();
    expect(changed_files.map(({ path, action }) => [path, action])).toEqual([
      [".gitignore", "create"],
      ["d/b", "modify"],
      ["d/c", "delete"],
    ]);
    await observer.baseline();
    writeFileSync(join(root, "d/b"), "5\n");
    expect(await observer.changes()).toEqual(nothing);
  });
});

describe("opening", () => {
  test("asks for a baseline before changes", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "root"));
    const observer = await openWorkspaceObserver({ root: join(directory, "root"), storeDir: join(directory, "store") });
    await expect(observer.changes()).rejects.toThrow("There is no baseline");
  });

  test("refuses a store inside of the workspace", async () => {
    const root = temporaryDirectory();
    await expect(openWorkspaceObserver({ root, storeDir: join(root, "store") })).rejects.toThrow("must be outside");
  });

  test("refuses a workspace that is no directory", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "a"), "");
    const storeDir = join(directory, "store");
    await expect(openWorkspaceObserver({ root: join(directory, "a"), storeDir })).rejects.toThrow("not a directory");
    await expect(openWorkspaceObserver({ root: join(directory, "b"), storeDir })).rejects.toThrow("ENOENT");
  });

  test("takes over a store of an earlier process, whose contents may be damaged", async () => {
    const { root, storeDir, observer } = await observedWorkspace({ a: file("1\n"), b: file("2\n") });
    for (const name of readdirSync(storeDir)) writeFileSync(join(storeDir, name), "damaged");
    writeFileSync(join(storeDir, "0".repeat(64)), "left over");
    const next = await openWorkspaceObserver({ root, storeDir });
    await next.baseline();
    expect(readdirSync(storeDir)).toHaveLength(2);
    writeFileSync(join(root, "a"), "3\n");
    expect((await next.changes()).diff).toContain("-1\n+3\n");
    await observer.baseline();
  });
});

test("only contents of the latest baseline are kept", async () => {
  const { root, storeDir, observer } = await observedWorkspace({
    a: file("1\n"),
    b: file("1\n"),
    c: file("2\n"),
    d: link("c"),
  });
  expect(readdirSync(storeDir)).toHaveLength(3);
  writeFileSync(join(root, "a"), "3\n");
  rmSync(join(root, "c"));
  await observer.changes();
  expect(readdirSync(storeDir)).toHaveLength(3);
  rmSync(join(root, "b"));
  rmSync(join(root, "d"));
  await observer.baseline();
  expect(readdirSync(storeDir)).toHaveLength(1);
});
