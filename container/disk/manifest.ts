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
const CTIME = 3;
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
    return this.#hasSame(path, [stat.mode, stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino], 0);
  }

  /** Unix time in ms; 0 for what is not there. */
  ctimeOf(path: string): number {
    const row = this.#rows.get(path);
    return row === undefined ? 0 : (this.#numbers[row * FIELDS + CTIME] ?? 0);
  }

  /** The entry is taken for changed at the next look. */
  doubt(path: string): void {
    const row = this.#rows.get(path);
    if (row !== undefined) this.#numbers[row * FIELDS + CTIME] = NEVER;
  }

  /** What has changed since `older`. */
  differenceFrom(older: Manifest): Difference {
    const changed = new Set<string>();
    for (const [path, row] of this.#rows) {
      if (older.#hasSame(path, this.#numbers, row * FIELDS)) continue;
      const directory = parentOf(path);
      if (this.#rows.has(directory)) changed.add(directory);
      changed.add(path);
    }
    const deleted: string[] = [];
    const gone = new Set<string>();
    for (const [path, row] of older.#rows) {
      const now = this.#rows.get(path);
      if (now !== undefined && kind(this.#modeAt(now)) === kind(older.#modeAt(row))) continue;
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
    // A copy of its own begins where numbers may.
    const numbers = new Float64Array(new Uint8Array(bytes.subarray(8, numbersEnd)).buffer);
    const paths = rows === 0 ? [] : bytes.toString("latin1", numbersEnd).split("\0");
    if (paths.length !== rows) throw new Error("This manifest is cut off.");
    for (const [row, path] of paths.entries()) {
      manifest.#rows.set(path, row);
    }
    for (const number of numbers) manifest.#numbers.push(number);
    return manifest;
  }

  /** Whether the entry's numbers are those that begin at `start`. */
  #hasSame(path: string, numbers: readonly number[], start: number): boolean {
    const row = this.#rows.get(path);
    if (row === undefined) return false;
    const own = row * FIELDS;
    const isSame = (field: number): boolean => this.#numbers[own + field] === numbers[start + field];
    if (!isSame(0) || !isSame(2)) return false;
    // A directory's other numbers follow from what is in it.
    if (isDirectory(numbers[start] ?? 0)) return this.#numbers[own + CTIME] !== NEVER;
    return isSame(1) && isSame(CTIME) && isSame(4);
  }

  #modeAt(row: number): number {
    return this.#numbers[row * FIELDS] ?? 0;
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
