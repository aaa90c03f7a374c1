// One pass over the workspace. What has the same stat as in the previous pass is not read again. Both passes are in the
// order of the paths, so they are merged instead of looked up.

import { lstatSync, type Stats } from "node:fs";
import type { Notes } from "../../lib/notes.ts";
import { type CaptureOptions, captureFile } from "./capture.ts";
import type { ContentStore } from "./content-store.ts";
import { type FileTable, fileFlag } from "./file-table.ts";
import type { WorkspaceLimits } from "./limits.ts";
import { isGone } from "./regular-file.ts";
import { createTimeSlice } from "./time-slice.ts";
import { walkWorkspace } from "./walk.ts";

export interface ScanOptions {
  /** Absolute, without symbolic links. */
  root: string;
  store: ContentStore;
  limits: WorkspaceLimits;
  notes: Notes;
  previous: FileTable;
  /** Where the result goes; empty. */
  table: FileTable;
  /**
   * Whether files of the previous pass stay in although they are ignored by now. Without it, a turn that adds an
   * ignore rule would seem to delete files.
   */
  keepsIgnored: boolean;
}

const bufferBytes = 64 * 1024;
// Paths are the one part of an entry without a fixed size.
const maxAveragePathChars = 200;

/** Fills `table` with what the workspace is now. What vanishes meanwhile is left out, what cannot be read is noted; neither fails the scan. */
export async function scanWorkspace(options: ScanOptions): Promise<void> {
  const { root, limits, notes, previous } = options;
  const pause = createTimeSlice();
  const scan = new Scan(options, pause);
  let row = 0;
  for (const path of walkWorkspace({ root, notes, maxDirectoryEntries: limits.maxFiles })) {
    const due = pause();
    if (due !== undefined) await due;
    if (path === undefined) continue;
    for (; row < previous.length && previous.pathAt(row) < path; row++) await scan.addHidden(row);
    if (scan.isFullBefore(path)) return;
    const isKnown = row < previous.length && previous.pathAt(row) === path;
    const isAdded = await scan.add(path, isKnown ? row : undefined);
    if (isKnown && isAdded) row++;
  }
  for (; row < previous.length; row++) await scan.addHidden(row);
}

class Scan {
  #table: FileTable;
  #options: ScanOptions;
  #capture: CaptureOptions;
  #pathChars = 0;

  constructor(options: ScanOptions, pause: CaptureOptions["pause"]) {
    this.#table = options.table;
    this.#options = options;
    this.#capture = {
      store: options.store,
      maxTextFileBytes: options.limits.maxTextFileBytes,
      buffer: Buffer.allocUnsafeSlow(bufferBytes),
      pause,
      now: Date.now,
    };
  }

  isFullBefore(path: string): boolean {
    const { maxFiles } = this.#options.limits;
    if (this.#table.length < maxFiles && this.#pathChars < maxFiles * maxAveragePathChars) return false;
    if (this.#table.endsBefore === undefined) {
      this.#table.endsBefore = path;
      this.#options.notes.add(
        path,
        `is where the limit of ${maxFiles} files is reached: it and what follows is not compared`,
      );
    }
    return true;
  }

  /**
   * @param knownRow the row of this path in the previous table.
   * @returns false where there is no such file.
   */
  async add(path: string, knownRow: number | undefined): Promise<boolean> {
    const { root, notes, previous } = this.#options;
    const absolutePath = `${root}/${path}`;
    const stat = lstatFile(absolutePath);
    if (stat === undefined) {
      if (path.includes("\uFFFD")) notes.add(path, "has a name that is not UTF-8 and is not compared");
      return false;
    }
    if (stat === "unreadable") {
      notes.add(path, "cannot be read and is not compared");
      if (knownRow !== undefined) this.#table.appendFrom(previous, knownRow);
      return knownRow !== undefined;
    }
    this.#pathChars += path.length;
    if (knownRow !== undefined && this.#isCurrent(knownRow, stat)) {
      this.#table.appendFrom(previous, knownRow);
      return true;
    }
    const entry = await captureFile(this.#capture, { path, absolutePath, stat });
    if (entry === undefined) return false;
    if ((entry.flags & fileFlag.unreadable) !== 0) notes.add(path, "cannot be read and is not compared");
    this.#table.append(entry);
    return true;
  }

  /** A file of the previous table that the walk did not come to: it is gone, or ignored or out of reach by now. */
  async addHidden(knownRow: number): Promise<void> {
    await this.#capture.pause();
    const { root, previous, keepsIgnored } = this.#options;
    const path = previous.pathAt(knownRow);
    if (!keepsIgnored || !hasRealParents(root, path) || this.isFullBefore(path)) return;
    await this.add(path, knownRow);
  }

  #isCurrent(row: number, stat: Stats): boolean {
    const { previous, store, limits } = this.#options;
    if (!previous.hasStat(row, stat) || previous.hasFlag(row, fileFlag.racy | fileFlag.unreadable)) return false;
    // The store may have been full when this content came.
    const canBeStoredNow = stat.size <= limits.maxTextFileBytes && store.hasRoomFor(stat.size);
    return previous.hasFlag(row, fileFlag.stored | fileFlag.binary) || !canBeStoredNow;
  }
}

function lstatFile(path: string): Stats | "unreadable" | undefined {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() || stat?.isSymbolicLink() ? stat : undefined;
  } catch (error) {
    return isGone(error) ? undefined : "unreadable";
  }
}

/** Whether every directory on the way is one; a symbolic link in its place leads elsewhere. */
function hasRealParents(root: string, path: string): boolean {
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    try {
      const stat = lstatSync(`${root}/${path.slice(0, slash)}`, { throwIfNoEntry: false });
      if (!stat?.isDirectory()) return false;
    } catch (error) {
      return !isGone(error);
    }
  }
  return true;
}
