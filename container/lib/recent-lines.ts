// The last lines of a log, kept for whoever asks.
export class RecentLines {
  readonly #lines: string[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#capacity) this.#lines.shift();
  }

  /** The newest `count` lines, oldest first. */
  tail(count: number): string[] {
    return this.#lines.slice(-count);
  }
}
