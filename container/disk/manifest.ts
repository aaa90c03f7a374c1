// What was on disk at a checkpoint, by stat alone: enough to find what has changed since. Rows are in the order of the look,
// a directory before what is in it. Two looks at a disk that hardly changed have nearly the same order, so they are compared
// side by side, and nothing is looked up by its path but where the orders differ.
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
   * Rows that are new or not the same as before, and of the directories that hold these: putting a file in place changes
   * the time of its directory. Ascending.
   */
  changed: number[];
  /** Paths to be removed before `changed` is put in place; what is below a removed directory is not named. */
  deleted: string[];
}

/** The row above that of an entry of a root. */
export const NO_ROW = -1;

const FIELDS = 5;
const CTIME = 3;
/** The ctime of an entry that counts as changed at the next look, whatever it is then. */
const NEVER = -1;
const FIRST_ROWS = 1024;

export class Manifest {
  #paths: string[] = [];
  /** FIELDS for each row, and room for more. */
  #numbers = new Float64Array(FIRST_ROWS * FIELDS);
  /** Of each row, the row of its directory. Known only to the look itself. */
  readonly #directories: number[] = [];

  get size(): number {
    return this.#paths.length;
  }

  pathOf(row: number): string {
    return this.#paths[row] ?? "";
  }

  /** Returns its row. */
  add(path: string, directory: number, { mode, size, mtimeMs, ctimeMs, ino }: FileStat): number {
    const row = this.#paths.push(path) - 1;
    this.#directories.push(directory);
    const at = row * FIELDS;
    if (at === this.#numbers.length) this.#grow();
    const numbers = this.#numbers;
    numbers[at] = mode;
    numbers[at + 1] = size;
    numbers[at + 2] = mtimeMs;
    numbers[at + CTIME] = ctimeMs;
    numbers[at + 4] = ino;
    return row;
  }

  /** Whether the entry is as it was. */
  matches(row: number, stat: FileStat): boolean {
    const other = new Manifest();
    other.add("", NO_ROW, stat);
    return this.#isSame(row, other, 0);
  }

  /** Unix time in ms. */
  ctimeOf(row: number): number {
    return this.#numbers[row * FIELDS + CTIME] ?? 0;
  }

  /** The entry is taken for changed at the next look. */
  doubt(row: number): void {
    this.#numbers[row * FIELDS + CTIME] = NEVER;
  }

  /** Every row. */
  all(): Difference {
    return { changed: [...this.#paths.keys()], deleted: [] };
  }

  /** What has changed since `older`. */
  differenceFrom(older: Manifest): Difference {
    const isChanged = new Uint8Array(this.size);
    const isStillThere = new Uint8Array(older.size);
    const find = older.#finder();
    for (let row = 0; row < this.size; row++) {
      const before = find(this.pathOf(row));
      if (before !== undefined && this.#kindOf(row) === older.#kindOf(before)) isStillThere[before] = 1;
      if (before !== undefined && this.#isSame(row, older, before)) continue;
      isChanged[row] = 1;
      const directory = this.#directories[row] ?? NO_ROW;
      if (directory !== NO_ROW) isChanged[directory] = 1;
    }
    const changed: number[] = [];
    for (let row = isChanged.indexOf(1); row !== -1; row = isChanged.indexOf(1, row + 1)) changed.push(row);
    return { changed, deleted: older.#without(isStillThere) };
  }

  /** For {@link Manifest.parse}, on the same machine. */
  serialize(): Buffer[] {
    const numbers = Buffer.from(this.#numbers.buffer, 0, this.size * FIELDS * Float64Array.BYTES_PER_ELEMENT);
    const size = Buffer.alloc(8);
    size.writeDoubleLE(this.size);
    return [size, numbers, Buffer.from(this.#paths.join("\0"), "latin1")];
  }

  /** Throws an Error where `bytes` is none. */
  static parse(bytes: Buffer): Manifest {
    const manifest = new Manifest();
    const rows = bytes.length >= 8 ? bytes.readDoubleLE(0) : -1;
    const numbersEnd = 8 + rows * FIELDS * 8;
    if (!Number.isSafeInteger(rows) || rows < 0 || numbersEnd > bytes.length) throw new Error("This is no manifest.");
    // A copy of its own begins where numbers may.
    manifest.#numbers = new Float64Array(new Uint8Array(bytes.subarray(8, numbersEnd)).buffer);
    manifest.#paths = rows === 0 ? [] : bytes.toString("latin1", numbersEnd).split("\0");
    if (manifest.size !== rows) throw new Error("This manifest is cut off.");
    return manifest;
  }

  /** Finds rows by path, fast where it is asked for them in their order. */
  #finder(): (path: string) => number | undefined {
    let next = 0;
    let rows: Map<string, number> | undefined;
    return (path) => {
      if (this.#paths[next] === path) return next++;
      rows ??= new Map(this.#paths.map((known, row) => [known, row]));
      const row = rows.get(path);
      if (row !== undefined) next = row + 1;
      return row;
    };
  }

  /** The paths of the other rows, without what is below one of them. */
  #without(isKept: Uint8Array): string[] {
    const paths: string[] = [];
    const gone = new Set<string>();
    for (let row = isKept.indexOf(0); row !== -1; row = isKept.indexOf(0, row + 1)) {
      const path = this.pathOf(row);
      if (!gone.has(parentOf(path))) paths.push(path);
      gone.add(path);
    }
    return paths;
  }

  #isSame(row: number, other: Manifest, otherRow: number): boolean {
    const [own, theirs] = [this.#numbers, other.#numbers];
    const [a, b] = [row * FIELDS, otherRow * FIELDS];
    if (own[a] !== theirs[b] || own[a + 2] !== theirs[b + 2]) return false;
    // A directory's other numbers follow from what is in it.
    if (this.#kindOf(row) === constants.S_IFDIR) return own[a + CTIME] !== NEVER && theirs[b + CTIME] !== NEVER;
    return own[a + 1] === theirs[b + 1] && own[a + CTIME] === theirs[b + CTIME] && own[a + 4] === theirs[b + 4];
  }

  #kindOf(row: number): number {
    return (this.#numbers[row * FIELDS] ?? 0) & constants.S_IFMT;
  }

  #grow(): void {
    const larger = new Float64Array(this.#numbers.length * 2);
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
