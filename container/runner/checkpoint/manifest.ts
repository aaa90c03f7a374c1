// What was on disk at a checkpoint, by stat alone: enough to find what has changed since. A path is a text with one
// character per byte (latin1), since names need not be UTF-8.
import { constants } from "node:fs";

export interface FileStat {
  mode: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  ino: number;
}

export interface Difference {
  /**
   * New or not the same as before, and the directories that hold these: putting a file in place changes the time of its
   * directory. Directories come before what is in them.
   */
  changed: string[];
  /** To be removed before `changed` is put in place; what is below a removed directory is not named. */
  deleted: string[];
}

const FIELDS = 5;
/** The ctime of an entry that counts as changed at the next look, whatever it is then. */
const NEVER = -1;

export class Manifest {
  readonly #rows = new Map<string, number>();
  readonly #numbers: number[] = [];

  get size(): number {
    return this.#rows.size;
  }

  paths(): IterableIterator<string> {
    return this.#rows.keys();
  }

  add(path: string, { mode, size, mtimeMs, ctimeMs, ino }: FileStat): void {
    this.#rows.set(path, this.#numbers.length / FIELDS);
    this.#numbers.push(mode, size, mtimeMs, ctimeMs, ino);
  }

  /** Whether the entry is there and as it was. */
  matches(path: string, stat: FileStat): boolean {
    const row = this.#rows.get(path);
    if (row === undefined) return false;
    const own = this.#stat(row);
    if (own.mode !== stat.mode || own.mtimeMs !== stat.mtimeMs) return false;
    // A directory's other numbers follow from what is in it.
    if (isDirectory(stat.mode)) return own.ctimeMs !== NEVER;
    return own.size === stat.size && own.ctimeMs === stat.ctimeMs && own.ino === stat.ino;
  }

  /** Unix time in ms; 0 for what is not there. */
  ctimeOf(path: string): number {
    const row = this.#rows.get(path);
    return row === undefined ? 0 : this.#stat(row).ctimeMs;
  }

  /** The entry is taken for changed at the next look. */
  doubt(path: string): void {
    const row = this.#rows.get(path);
    if (row !== undefined) this.#numbers[row * FIELDS + 3] = NEVER;
  }

  /** What has changed since `older`. */
  differenceFrom(older: Manifest): Difference {
    const changed = new Set<string>();
    for (const [path, row] of this.#rows) {
      if (older.matches(path, this.#stat(row))) continue;
      const directory = parentOf(path);
      if (this.#rows.has(directory)) changed.add(directory);
      changed.add(path);
    }
    const deleted: string[] = [];
    const gone = new Set<string>();
    for (const [path, row] of older.#rows) {
      const now = this.#rows.get(path);
      if (now !== undefined && kind(this.#stat(now).mode) === kind(older.#stat(row).mode)) continue;
      const isBelow = gone.has(parentOf(path));
      gone.add(path);
      if (!isBelow) deleted.push(path);
    }
    return { changed: [...changed], deleted };
  }

  /** For {@link Manifest.parse}, on the same machine. */
  serialize(): Buffer[] {
    const numbers = Buffer.from(Float64Array.from(this.#numbers).buffer);
    const size = Buffer.alloc(8);
    size.writeDoubleLE(this.#rows.size);
    return [size, numbers, Buffer.from([...this.#rows.keys()].join("\0"), "latin1")];
  }

  /** Throws an Error where `bytes` is none. */
  static parse(bytes: Buffer): Manifest {
    const manifest = new Manifest();
    const rows = bytes.length >= 8 ? bytes.readDoubleLE(0) : -1;
    const numbersEnd = 8 + rows * FIELDS * 8;
    if (!Number.isSafeInteger(rows) || rows < 0 || numbersEnd > bytes.length) throw new Error("This is no manifest.");
    const paths = rows === 0 ? [] : bytes.toString("latin1", numbersEnd).split("\0");
    if (paths.length !== rows) throw new Error("This manifest is cut off.");
    for (const [row, path] of paths.entries()) {
      manifest.#rows.set(path, row);
      for (let field = 0; field < FIELDS; field++) {
        manifest.#numbers.push(bytes.readDoubleLE(8 + (row * FIELDS + field) * 8));
      }
    }
    return manifest;
  }

  #stat(row: number): FileStat {
    const field = (offset: number): number => this.#numbers[row * FIELDS + offset] ?? NEVER;
    return { mode: field(0), size: field(1), mtimeMs: field(2), ctimeMs: field(3), ino: field(4) };
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function kind(mode: number): number {
  return mode & constants.S_IFMT;
}

function isDirectory(mode: number): boolean {
  return kind(mode) === constants.S_IFDIR;
}
