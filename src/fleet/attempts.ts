// How often something was tried lately, by whom: what slows down guessing. All SQL of it is here.

/** Within `window_ms`: at most so many by one address, and by all together. */
export interface AttemptLimits {
  window_ms: number;
  per_address: number;
  in_all: number;
}

export const ATTEMPTS_SCHEMA = `
  CREATE TABLE attempts (kind TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL);
  CREATE INDEX attempts_by_address ON attempts (kind, address, at);
  CREATE INDEX attempts_by_time ON attempts (kind, at);
`;

export class Attempts {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number = Date.now) {
    this.#sql = sql;
    this.#now = now;
  }

  /** Counts one, or returns the milliseconds until the next one is let through. Those that are refused do not count. */
  admit(kind: string, address: string, { window_ms, per_address, in_all }: AttemptLimits): number | null {
    const now = this.#now();
    this.#sql.exec("DELETE FROM attempts WHERE kind = ? AND at <= ?", kind, now - window_ms);
    const ofAddress = this.#nthNewest("kind = ? AND address = ?", [kind, address], per_address);
    const ofAll = this.#nthNewest("kind = ?", [kind], in_all);
    const blockedBy = Math.max(ofAddress ?? 0, ofAll ?? 0);
    if (blockedBy > 0) return blockedBy + window_ms - now;
    this.#sql.exec("INSERT INTO attempts VALUES (?, ?, ?)", kind, address, now);
    return null;
  }

  /** The address has proved to be who it should be. */
  forgive(kind: string, address: string): void {
    this.#sql.exec("DELETE FROM attempts WHERE kind = ? AND address = ?", kind, address);
  }

  /** When the attempt was made that has to grow old before there are fewer than `n`. */
  #nthNewest(where: string, bindings: string[], n: number): number | undefined {
    const query = `SELECT at FROM attempts WHERE ${where} ORDER BY at DESC LIMIT 1 OFFSET ?`;
    return this.#sql.exec<{ at: number }>(query, ...bindings, n - 1).toArray()[0]?.at;
  }
}
