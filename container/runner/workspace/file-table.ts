// What is remembered of each file, in columns: an object per file would take several times the memory.

export interface FileStat {
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  ino: number;
  mode: number;
}

export const fileFlag = {
  link: 1,
  executable: 2,
  /** A NUL byte among the first 8000 bytes, which is git's test. */
  binary: 4,
  /** The content store holds the content. */
  stored: 8,
  /** The content is unknown. */
  unreadable: 16,
  /** Written so shortly before it was read that a later write may have left the same timestamps. */
  racy: 32,
} as const;

export interface FileEntry {
  path: string;
  stat: FileStat;
  /** SHA-256; undefined where the content is unknown. */
  hash: Buffer | undefined;
  /** Sum of `fileFlag` values. */
  flags: number;
}

const hashBytes = 32;
const column = { size: 0, mtimeMs: 1, ctimeMs: 2, ino: 3, mode: 4, flags: 5 } as const;
const columns = 6;

/** Files in ascending order of their paths (UTF-16 code units). Rows are only appended. */
export class FileTable {
  /** The path at which a limit ended the scan: nothing is known of it and of those behind it. */
  endsBefore: string | undefined;
  #paths: string[] = [];
  #numbers: Float64Array;
  #hashes: Buffer;

  constructor(capacity = 64) {
    this.#numbers = new Float64Array(capacity * columns);
    this.#hashes = Buffer.alloc(capacity * hashBytes);
  }

  get length(): number {
    return this.#paths.length;
  }

  /** Empties the table, to be filled again without new memory. */
  clear(): void {
    this.#paths = [];
    this.endsBefore = undefined;
  }

  append({ path, stat, hash, flags }: FileEntry): void {
    const row = this.#addRow(path);
    const at = row * columns;
    this.#numbers[at + column.size] = stat.size;
    this.#numbers[at + column.mtimeMs] = stat.mtimeMs;
    this.#numbers[at + column.ctimeMs] = stat.ctimeMs;
    this.#numbers[at + column.ino] = stat.ino;
    this.#numbers[at + column.mode] = stat.mode;
    this.#numbers[at + column.flags] = flags;
    if (hash === undefined) this.#hashes.fill(0, row * hashBytes, (row + 1) * hashBytes);
    else hash.copy(this.#hashes, row * hashBytes);
  }

  appendFrom(other: FileTable, otherRow: number): void {
    const row = this.#addRow(other.pathAt(otherRow));
    for (let offset = 0; offset < columns; offset++) {
      this.#numbers[row * columns + offset] = other.#number(otherRow, offset);
    }
    other.#hashes.copy(this.#hashes, row * hashBytes, otherRow * hashBytes, (otherRow + 1) * hashBytes);
  }

  pathAt(row: number): string {
    return this.#paths[row] ?? "";
  }

  sizeAt(row: number): number {
    return this.#number(row, column.size);
  }

  /** @param flags sum of `fileFlag` values, of which one is enough. */
  hasFlag(row: number, flags: number): boolean {
    return (this.#number(row, column.flags) & flags) !== 0;
  }

  hashHexAt(row: number): string {
    return this.#hashes.toString("hex", row * hashBytes, (row + 1) * hashBytes);
  }

  hasStat(row: number, stat: FileStat): boolean {
    return (
      this.#number(row, column.size) === stat.size &&
      this.#number(row, column.mtimeMs) === stat.mtimeMs &&
      this.#number(row, column.ctimeMs) === stat.ctimeMs &&
      this.#number(row, column.ino) === stat.ino &&
      this.#number(row, column.mode) === stat.mode
    );
  }

  /** Same kind, executable bit and content. Where a content is unknown, the same stat is taken for the same content. */
  hasSameFile(row: number, other: FileTable, otherRow: number): boolean {
    const shape = fileFlag.link | fileFlag.executable;
    const flags = this.#number(row, column.flags);
    const otherFlags = other.#number(otherRow, column.flags);
    if ((flags & shape) !== (otherFlags & shape)) return false;
    if (((flags | otherFlags) & fileFlag.unreadable) !== 0) return this.#hasSameStat(row, other, otherRow);
    const [start, otherStart] = [row * hashBytes, otherRow * hashBytes];
    return this.#hashes.compare(other.#hashes, otherStart, otherStart + hashBytes, start, start + hashBytes) === 0;
  }

  #hasSameStat(row: number, other: FileTable, otherRow: number): boolean {
    for (let offset = column.size; offset <= column.mode; offset++) {
      if (this.#number(row, offset) !== other.#number(otherRow, offset)) return false;
    }
    return true;
  }

  #addRow(path: string): number {
    const row = this.length;
    if ((row + 1) * columns > this.#numbers.length) this.#grow();
    this.#paths.push(path);
    return row;
  }

  #number(row: number, offset: number): number {
    return this.#numbers[row * columns + offset] ?? 0;
  }

  #grow(): void {
    const numbers = new Float64Array(this.#numbers.length * 2 + columns);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const hashes = Buffer.alloc((numbers.length / columns) * hashBytes);
    this.#hashes.copy(hashes);
    this.#hashes = hashes;
  }
}
