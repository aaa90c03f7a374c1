// One look at everything that a checkpoint holds.
import { constants, lstatSync, readdirSync, type Stats } from "node:fs";
import { Notes } from "../lib/notes.ts";
import { Manifest, NO_ROW } from "./manifest.ts";
import { absolutePath, ROOTS } from "./paths.ts";

/** Anything here can be had again. */
const LEFT_OUT = new Set(["home/.cache"]);
const KINDS = new Set([constants.S_IFREG, constants.S_IFDIR, constants.S_IFLNK]);
const GONE = new Set(["ENOENT", "ENOTDIR"]);

/** What cannot be read, or is special, is left out and noted. */
export function scanDisk(dataDir: string): DiskScan {
  const scan = new DiskScan(dataDir);
  const pending = ROOTS.map((path) => ({ path, row: NO_ROW }));
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const name of scan.list(directory.path)) {
      const path = `${directory.path}/${name}`;
      const row = scan.add(path, directory.row);
      if (row !== undefined) pending.push({ path, row });
    }
  }
  return scan;
}

export class DiskScan {
  readonly manifest = new Manifest();
  readonly notes = new Notes();
  /** Of all files together. */
  totalBytes = 0;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  list(directory: string): string[] {
    return this.#look(directory, (path) => readdirSync(path, { encoding: "latin1" })) ?? [];
  }

  /** Returns the row of a directory to go into. `directory` is that of the one that holds it. */
  add(path: string, directory: number): number | undefined {
    const stat = LEFT_OUT.has(path) ? undefined : this.#look(path, (absolute) => lstatSync(absolute));
    if (stat === undefined) return undefined;
    const kind = stat.mode & constants.S_IFMT;
    if (!KINDS.has(kind)) {
      this.notes.add(shownPath(path), "is a special file and not saved");
      return undefined;
    }
    const row = this.manifest.add(path, directory, stat);
    if (kind === constants.S_IFREG) this.totalBytes += stat.size;
    return kind === constants.S_IFDIR ? row : undefined;
  }

  #look<T>(path: string, look: (absolute: string | Buffer) => T): T | undefined {
    try {
      return look(absolutePath(this.#dataDir, path));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (!GONE.has(code)) this.notes.add(shownPath(path), "cannot be read and is not saved");
      return undefined;
    }
  }
}

/** Undefined where nothing is there. */
export function statOf(dataDir: string, path: string): Stats | undefined {
  return lstatSync(absolutePath(dataDir, path), { throwIfNoEntry: false });
}

/** For a person. */
export function shownPath(path: string): string {
  return Buffer.from(path, "latin1")
    .toString()
    .replace(/^workspace\//, "")
    .replace(/^home(?=\/)/, "~");
}
