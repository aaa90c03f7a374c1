import { expect, test } from "vitest";
import { type FileEntry, FileTable, fileFlag } from "../../../../container/runner/workspace/file-table.ts";

function entry(changes: Partial<FileEntry> = {}): FileEntry {
  const stat = { size: 5, mtimeMs: 1000.25, ctimeMs: 2000.5, ino: 2 ** 53 - 1, mode: 0o100644 };
  return { path: "a", stat, hash: Buffer.alloc(32, 1), flags: 0, ...changes };
}

function tableOf(...entries: FileEntry[]): FileTable {
  const table = new FileTable(1);
  for (const each of entries) table.append(each);
  return table;
}

test("rows keep their values while the table grows", () => {
  const entries = Array.from({ length: 1000 }, (_, index) =>
    entry({ path: `p${index}`, hash: Buffer.alloc(32, index), flags: index % 64 }),
  );
  const table = tableOf(...entries);
  const copy = new FileTable(1);
  for (let row = 0; row < table.length; row++) copy.appendFrom(table, row);
  for (const [row, { path, hash, flags, stat }] of entries.entries()) {
    expect(copy.pathAt(row)).toBe(path);
    expect(copy.hashHexAt(row)).toBe(hash?.toString("hex"));
    expect(copy.hasFlag(row, flags)).toBe(flags !== 0);
    expect(copy.hasStat(row, stat)).toBe(true);
  }
});

test.each(["size", "mtimeMs", "ctimeMs", "ino", "mode"] as const)("another %s is another stat", (field) => {
  const { stat } = entry();
  expect(tableOf(entry()).hasStat(0, { ...stat, [field]: stat[field] - 1 })).toBe(false);
});

test.each<[name: string, change: Partial<FileEntry>, isSame: boolean]>([
  ["the same content with another stat is the same file", { stat: { ...entry().stat, ctimeMs: 1 } }, true],
  ["another content is another file", { hash: Buffer.alloc(32, 2) }, false],
  ["another executable bit makes another file", { flags: fileFlag.executable }, false],
  ["a symbolic link is another file", { flags: fileFlag.link }, false],
  ["whether a content is kept makes no difference", { flags: fileFlag.stored }, true],
  ["an unknown content with the same stat is the same", { hash: undefined, flags: fileFlag.unreadable }, true],
  [
    "an unknown content with another stat is another",
    { hash: undefined, flags: fileFlag.unreadable, stat: { ...entry().stat, ctimeMs: 1 } },
    false,
  ],
])("%s", (_name, change, isSame) => {
  expect(tableOf(entry()).hasSameFile(0, tableOf(entry(change)), 0)).toBe(isSame);
});

test("a cleared table holds nothing of what it held", () => {
  const table = tableOf(entry(), entry());
  table.endsBefore = "x";
  table.clear();
  table.append(entry({ hash: undefined }));
  expect([table.length, table.endsBefore, table.hashHexAt(0)]).toEqual([1, undefined, "00".repeat(32)]);
});
