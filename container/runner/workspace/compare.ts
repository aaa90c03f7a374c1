import type { Notes } from "../../lib/notes.ts";
import { type FileTable, fileFlag } from "./file-table.ts";
import { pairRenames, type RenameSide } from "./renames.ts";

/** Rows in the table before and in the table after; one of them may be undefined. */
export interface FileChange {
  path: string;
  before: number | undefined;
  after: number | undefined;
  /** Where a renamed file was; `before` is its row there. */
  previousPath?: string;
}

// Beyond it a Map of the contents takes too much memory.
const maxRenameSides = 10_000;

/** What differs, sorted by path. Only what both tables reach is compared. */
export function compareTables(before: FileTable, after: FileTable, notes: Notes): FileChange[] {
  const end = earlier(before.endsBefore, after.endsBefore);
  const changes: FileChange[] = [];
  for (const pair of joinTables(before, after)) {
    if (end !== undefined && pair.path >= end) break;
    if (!isUnchanged(before, after, pair)) changes.push(pair);
  }
  return withRenames(before, after, { changes, notes });
}

/** Hashes of stored contents that the table before refers to and the table after does not. */
export function unreferencedHashes(before: FileTable, after: FileTable): Set<string> {
  const hashes = new Set<string>();
  for (const pair of joinTables(before, after)) {
    if (pair.before === undefined || isUnchanged(before, after, pair)) continue;
    if (before.hasFlag(pair.before, fileFlag.stored)) hashes.add(before.hashHexAt(pair.before));
  }
  for (let row = 0; hashes.size > 0 && row < after.length; row++) hashes.delete(after.hashHexAt(row));
  return hashes;
}

function* joinTables(before: FileTable, after: FileTable): Generator<FileChange> {
  let oldRow = 0;
  let newRow = 0;
  while (oldRow < before.length || newRow < after.length) {
    const oldPath = oldRow < before.length ? before.pathAt(oldRow) : undefined;
    const newPath = newRow < after.length ? after.pathAt(newRow) : undefined;
    const path = earlier(oldPath, newPath) ?? "";
    yield {
      path,
      before: oldPath === path ? oldRow++ : undefined,
      after: newPath === path ? newRow++ : undefined,
    };
  }
}

function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}

function isUnchanged(before: FileTable, after: FileTable, pair: FileChange): boolean {
  return pair.before !== undefined && pair.after !== undefined && before.hasSameFile(pair.before, after, pair.after);
}

function withRenames(
  before: FileTable,
  after: FileTable,
  { changes, notes }: { changes: FileChange[]; notes: Notes },
): FileChange[] {
  const deleted = changes.filter((change) => change.after === undefined && canBeRenamed(before, change.before));
  const created = changes.filter((change) => change.before === undefined && canBeRenamed(after, change.after));
  if (deleted.length > maxRenameSides || created.length > maxRenameSides) {
    notes.add(".", `has more than ${maxRenameSides} deleted or created files: a renamed file is shown as both`);
    return changes;
  }
  const pairs = pairRenames(
    deleted.map((change) => renameSide(before, change.before ?? 0)),
    created.map((change) => renameSide(after, change.after ?? 0)),
  );
  const sources = new Set<FileChange>();
  for (const [target, source] of pairs) {
    const from = deleted[source];
    const to = created[target];
    if (from === undefined || to === undefined) continue;
    sources.add(from);
    to.before = from.before;
    to.previousPath = from.path;
  }
  return changes.filter((change) => !sources.has(change));
}

/** An empty file has nothing to tell it by, and `git apply` takes a renamed symbolic link to be still in the way. */
function canBeRenamed(table: FileTable, row: number | undefined): row is number {
  return row !== undefined && table.sizeAt(row) > 0 && !table.hasFlag(row, fileFlag.link | fileFlag.unreadable);
}

function renameSide(table: FileTable, row: number): RenameSide {
  return { path: table.pathAt(row), hash: table.hashHexAt(row) };
}
