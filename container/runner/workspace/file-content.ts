// Finds the content of a table's row for the diff: in the store, else in the workspace if it is still the same.

import { isUtf8 } from "node:buffer";
import { type ContentStore, hashOf } from "./content-store.ts";
import { type FileTable, fileFlag } from "./file-table.ts";
import { readRegularFile } from "./regular-file.ts";
import type { FileVersion } from "./unified-diff.ts";

export interface ContentSource {
  root: string;
  store: ContentStore;
  maxTextFileBytes: number;
}

export type LoadedContent =
  | { kind: "text"; text: string }
  | { kind: "binary" }
  | { kind: "otherEncoding"; remark: string }
  | { kind: "omitted"; remark: string }
  /** Which the scan has noted. */
  | { kind: "unreadable" };

export function modeOf(table: FileTable, row: number): FileVersion["mode"] {
  if (table.hasFlag(row, fileFlag.link)) return "120000";
  return table.hasFlag(row, fileFlag.executable) ? "100755" : "100644";
}

/** Takes up to `maxTextFileBytes` of memory, and as much again for the text. */
export function loadContent(
  { root, store, maxTextFileBytes }: ContentSource,
  table: FileTable,
  row: number,
): LoadedContent {
  if (table.hasFlag(row, fileFlag.unreadable)) return { kind: "unreadable" };
  if (table.hasFlag(row, fileFlag.binary)) return { kind: "binary" };
  const size = table.sizeAt(row);
  if (size > maxTextFileBytes)
    return { kind: "omitted", remark: `too large to show (limit: ${maxTextFileBytes} bytes)` };
  const hash = table.hashHexAt(row);
  const content =
    store.read(hash, maxTextFileBytes) ?? readIfSame(`${root}/${table.pathAt(row)}`, hash, maxTextFileBytes);
  if (content === undefined) {
    return { kind: "omitted", remark: "content not kept (the store is full or damaged), so no lines are shown" };
  }
  if (!isUtf8(content)) return { kind: "otherEncoding", remark: "text that is not UTF-8, shown as binary" };
  return { kind: "text", text: content.toString() };
}

function readIfSame(path: string, hash: string, maxBytes: number): Buffer | undefined {
  const content = readRegularFile(path, maxBytes);
  return content !== undefined && hashOf(content) === hash ? content : undefined;
}
