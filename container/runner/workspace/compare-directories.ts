// Compares two directories as the observer compares two states of one, with the same limits and rules.

import { Notes } from "../../lib/notes.ts";
import type { WorkspaceChanges } from "../../protocol.ts";
import { compareTables } from "./compare.ts";
import { ContentStore } from "./content-store.ts";
import { describeChanges } from "./describe-changes.ts";
import { FileTable } from "./file-table.ts";
import { defaultWorkspaceLimits as limits } from "./limits.ts";
import { scanWorkspace } from "./scan.ts";

export interface TwoDirectories {
  /** Absolute, without links. */
  before: string;
  after: string;
  /** For this comparison alone; made if it is missing. */
  storeDir: string;
}

/** What would have to be done to `before` to make it `after`. */
export async function compareDirectories({ before, after, storeDir }: TwoDirectories): Promise<WorkspaceChanges> {
  // Both directories are there to be read from: nothing has to be kept.
  const store = await ContentStore.open(storeDir, 0);
  const notes = new Notes();
  const old = new FileTable();
  const scan = { store, limits, notes };
  await scanWorkspace({ ...scan, root: before, previous: new FileTable(), table: old, keepsIgnored: false });
  const current = new FileTable();
  await scanWorkspace({ ...scan, root: after, previous: old, table: current, keepsIgnored: true });
  const sources = {
    before: { root: before, store, maxTextFileBytes: limits.maxTextFileBytes },
    after: { root: after, store, maxTextFileBytes: limits.maxTextFileBytes },
  };
  const context = { before: old, after: current, sources, limits, notes };
  return await describeChanges(context, compareTables(old, current, notes));
}
