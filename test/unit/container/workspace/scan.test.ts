import { lstatSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Notes } from "../../../../container/lib/notes.ts";
import { ContentStore, hashOf } from "../../../../container/runner/workspace/content-store.ts";
import { FileTable, fileFlag } from "../../../../container/runner/workspace/file-table.ts";
import { defaultWorkspaceLimits } from "../../../../container/runner/workspace/limits.ts";
import { scanWorkspace } from "../../../../container/runner/workspace/scan.ts";
import { file, temporaryDirectory, writeTree } from "./trees.ts";

const remembered = Buffer.alloc(32, 7);

/** Scans a workspace with the one file "a", which is remembered with a wrong hash. */
async function scanRemembered(change: { flags: number; sizeDelta?: number; maxStoreBytes?: number }): Promise<string> {
  const root = temporaryDirectory();
  writeTree(root, { a: file("1\n") });
  const { size, mtimeMs, ctimeMs, ino, mode } = lstatSync(join(root, "a"));
  const previous = new FileTable();
  const stat = { size: size + (change.sizeDelta ?? 0), mtimeMs, ctimeMs, ino, mode };
  previous.append({ path: "a", stat, hash: remembered, flags: change.flags });
  const table = new FileTable();
  const store = await ContentStore.open(temporaryDirectory(), change.maxStoreBytes ?? 1000);
  const limits = defaultWorkspaceLimits;
  await scanWorkspace({ root, store, limits, notes: new Notes(), previous, table, keepsIgnored: false });
  return table.hashHexAt(0) === remembered.toString("hex") ? "remembered" : table.hashHexAt(0);
}

test.each<[name: string, change: Parameters<typeof scanRemembered>[0]]>([
  ["with the same stat", { flags: fileFlag.stored }],
  ["that is binary", { flags: fileFlag.binary }],
  ["whose content does not fit into the store", { flags: 0, maxStoreBytes: 1 }],
])("a remembered file %s is not read again", async (_name, change) => {
  expect(await scanRemembered(change)).toBe("remembered");
});

test.each<[name: string, change: Parameters<typeof scanRemembered>[0]]>([
  ["with another stat", { flags: fileFlag.stored, sizeDelta: 1 }],
  ["that was read too soon after it was written", { flags: fileFlag.stored | fileFlag.racy }],
  ["that could not be read", { flags: fileFlag.unreadable }],
  ["whose content was not kept but can be by now", { flags: 0 }],
])("a remembered file %s is read again", async (_name, change) => {
  expect(await scanRemembered(change)).toBe(hashOf(Buffer.from("1\n")));
});
