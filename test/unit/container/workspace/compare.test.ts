import { describe, expect, test } from "vitest";
import { Notes } from "../../../../container/lib/notes.ts";
import { compareTables, unreferencedHashes } from "../../../../container/runner/workspace/compare.ts";
import { FileTable, fileFlag } from "../../../../container/runner/workspace/file-table.ts";

/** A row is "path=content"; a path with "@" is a link, an empty content an empty file. */
function tableOf(rows: string[], endsBefore?: string): FileTable {
  const table = new FileTable();
  for (const row of rows) {
    const [path = "", content = ""] = row.split("=");
    const stat = { size: content.length, mtimeMs: 0, ctimeMs: 0, ino: 0, mode: 0 };
    const flags = fileFlag.stored | (path.includes("@") ? fileFlag.link : 0);
    table.append({ path, stat, hash: Buffer.alloc(32, content), flags });
  }
  table.endsBefore = endsBefore;
  return table;
}

function describeChanges(before: FileTable, after: FileTable): string[] {
  return compareTables(before, after, new Notes()).map((change) => {
    const sign = `${change.before === undefined ? "" : "-"}${change.after === undefined ? "" : "+"}`;
    return `${sign}${change.previousPath === undefined ? "" : `${change.previousPath}>`}${change.path}`;
  });
}

describe("comparing two tables", () => {
  test.each<[name: string, before: string[], after: string[], changes: string[]]>([
    ["finds nothing where nothing differs", ["a=1", "b=2"], ["a=1", "b=2"], []],
    [
      "finds created, changed and deleted files in order",
      ["b=1", "c=2", "d=3"],
      ["a=4", "b=1", "c=5"],
      ["+a", "-+c", "-d"],
    ],
    ["finds renames at the new path", ["b=1", "x=2"], ["a=2", "b=1"], ["-+x>a"]],
    ["does not take an empty file for a renamed one", ["a="], ["b="], ["-a", "+b"]],
    ["does not take a link for a renamed one", ["a@=1"], ["b@=1"], ["-a@", "+b@"]],
    ["does not take a changed file for a renamed one", ["a=1", "b=2"], ["b=1"], ["-a", "-+b"]],
  ])("%s", (_name, before, after, changes) => {
    expect(describeChanges(tableOf(before), tableOf(after))).toEqual(changes);
  });

  test("goes no further than both tables reach", () => {
    expect(describeChanges(tableOf(["a=1", "c=1"]), tableOf(["a=2", "b=1"], "c"))).toEqual(["-+a", "+b"]);
    expect(describeChanges(tableOf(["a=1"], "b"), tableOf(["b=1", "c=1"]))).toEqual(["-a"]);
  });

  test("does not look for renames among too many files, and notes that", () => {
    const rows = (name: string) =>
      Array.from({ length: 10_001 }, (_, index) => `${name}${String(index).padStart(5, "0")}=1`);
    const notes = new Notes();
    expect(compareTables(tableOf(rows("a")), tableOf(rows("b")), notes)).toHaveLength(20_002);
    expect(notes.list()).toEqual([".: has more than 10000 deleted or created files: a renamed file is shown as both"]);
  });
});

describe("a content is no longer referred to", () => {
  test.each<[name: string, before: string[], after: string[], hashes: string[]]>([
    ["where its file is gone or changed", ["a=1", "b=2", "c=3"], ["b=4", "c=3"], ["1", "2"]],
    ["unless another file has it", ["a=1", "b=2"], ["b=1"], ["2"]],
  ])("%s", (_name, before, after, contents) => {
    const hashes = contents.map((content) => Buffer.alloc(32, content).toString("hex"));
    expect([...unreferencedHashes(tableOf(before), tableOf(after))]).toEqual(hashes);
  });
});
