// Observes what a turn really changes in a workspace, without git: a machine may have none, and the configuration of a
// hostile repository can make git run programs.
//
// Not observed: what .gitignore files and .git/info/exclude exclude, even if it is touched or tracked by git (but a file
// that was not ignored at the baseline is still compared after it); .git at any level; empty directories; special files.
// Nested repositories are observed like other directories.

import { mkdir, realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { Notes } from "../../lib/notes.ts";
import type { WorkspaceChanges } from "../../protocol.ts";
import { compareTables, unreferencedHashes } from "./compare.ts";
import { ContentStore } from "./content-store.ts";
import { describeChanges } from "./describe-changes.ts";
import { FileTable } from "./file-table.ts";
import { defaultWorkspaceLimits, type WorkspaceLimits } from "./limits.ts";
import { scanWorkspace } from "./scan.ts";
import { createTimeSlice } from "./time-slice.ts";

export interface WorkspaceObserver {
  /** Takes what the workspace is now for the state to compare with. */
  baseline(): Promise<void>;
  /**
   * What changed since the last baseline, and takes what the workspace is now for the next one. Paths are relative to
   * the root, with "/", and sorted. `diff` is what `git diff` would show of `changed_files`, for `git apply`; its lines
   * that start with "# " say what it leaves out. Nothing is left out without such a line or a note.
   * Throws an Error where there is no baseline.
   */
  changes(): Promise<WorkspaceChanges>;
}

export interface WorkspaceObserverOptions {
  /** An existing directory. */
  root: string;
  /**
   * For this observer alone and outside of `root`; made if it is missing. What an earlier observer left is removed.
   * On the file system of `root`, if that can share blocks, copies take no room.
   */
  storeDir: string;
  limits?: Partial<WorkspaceLimits>;
}

/**
 * Calls of one observer run one after the other. They block the event loop for some 50 ms at most.
 * Throws an Error where `root` is no directory or holds `storeDir`, and as `mkdir` does.
 */
export async function openWorkspaceObserver(options: WorkspaceObserverOptions): Promise<WorkspaceObserver> {
  const limits = { ...defaultWorkspaceLimits, ...options.limits };
  const root = await realpath(options.root);
  if (!(await stat(root)).isDirectory()) throw new Error(`The workspace ${root} is not a directory.`);
  await mkdir(options.storeDir, { recursive: true, mode: 0o700 });
  const storeDir = await realpath(options.storeDir);
  if (`${storeDir}${sep}`.startsWith(`${root}${sep}`)) {
    throw new Error(`The content store ${storeDir} must be outside of the workspace ${root}.`);
  }
  return new StoredObserver(root, await ContentStore.open(storeDir, limits.maxStoreBytes), limits);
}

class StoredObserver implements WorkspaceObserver {
  #root: string;
  #store: ContentStore;
  #limits: WorkspaceLimits;
  /** The workspace as it was at the last call. */
  #table = new FileTable();
  /** Kept for the next scan: new tables for each would pile up until they are collected. */
  #spareTable = new FileTable();
  #hasBaseline = false;
  #baselineNotes: string[] = [];
  #lastCall: Promise<unknown> = Promise.resolve();

  constructor(root: string, store: ContentStore, limits: WorkspaceLimits) {
    this.#root = root;
    this.#store = store;
    this.#limits = limits;
  }

  baseline(): Promise<void> {
    return this.#afterLastCall(async () => {
      const notes = new Notes();
      this.#store.retry();
      const table = await this.#scan({ notes, keepsIgnored: false });
      await this.#accept(table);
      this.#hasBaseline = true;
      this.#baselineNotes = notes.list();
    });
  }

  changes(): Promise<WorkspaceChanges> {
    return this.#afterLastCall(async () => {
      if (!this.#hasBaseline) throw new Error("There is no baseline to compare the workspace with.");
      const notes = new Notes();
      const before = this.#table;
      const after = await this.#scan({ notes, keepsIgnored: true });
      const source = { root: this.#root, store: this.#store, maxTextFileBytes: this.#limits.maxTextFileBytes };
      const context = { before, after, sources: { before: source, after: source }, limits: this.#limits, notes };
      const changes = await describeChanges(context, compareTables(before, after, notes));
      await this.#accept(after);
      const allNotes = new Set([...this.#baselineNotes, ...changes.notes]);
      this.#baselineNotes = [];
      return { ...changes, notes: [...allNotes] };
    });
  }

  async #scan(options: { notes: Notes; keepsIgnored: boolean }): Promise<FileTable> {
    const table = this.#spareTable;
    table.clear();
    await scanWorkspace({
      ...options,
      root: this.#root,
      store: this.#store,
      limits: this.#limits,
      previous: this.#table,
      table,
    });
    return table;
  }

  async #accept(table: FileTable): Promise<void> {
    const unreferenced = unreferencedHashes(this.#table, table);
    this.#spareTable = this.#table;
    this.#table = table;
    this.#spareTable.clear();
    const pause = createTimeSlice();
    for (const hash of unreferenced) {
      this.#store.remove(hash);
      await pause();
    }
  }

  #afterLastCall<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#lastCall.then(call);
    this.#lastCall = result.catch(() => undefined);
    return result;
  }
}
