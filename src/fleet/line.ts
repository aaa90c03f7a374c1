// Who was refused a lease and means to ask again, so that nobody asks in vain for ever. A free lease goes to whoever asks first,
// so none lies idle for want of its owner; but once somebody has waited for long, it is kept for them. All SQL of it is here.

export interface Place {
  holder: string;
  user_id: string;
  /** Waits for a lease of their own user: others are not in their way, nor they in others'. */
  is_own: boolean;
}

export const LINE_SCHEMA = `
  CREATE TABLE line (
    holder TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    is_own INTEGER NOT NULL,
    since INTEGER NOT NULL,
    asked_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX line_by_age ON line (since);
  CREATE INDEX line_by_asking ON line (asked_at);
`;

/** From then on a lease is kept for whoever waits. */
const PATIENCE_MS = 120_000;
/** A refusal says to try again in a minute. Whoever does not has given up. */
const PLACE_MS = 90_000;
/** Above it others wait without a place: they are served once the line is shorter. */
const MAX_PLACES = 10_000;

export class Line {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Whoever has a place keeps it. */
  join({ holder, user_id, is_own }: Place, now: number): void {
    this.#dropAbsent(now);
    const isFull = this.#since(holder) === undefined && this.#count("TRUE") >= MAX_PLACES;
    if (isFull) return;
    this.#sql.exec(
      "INSERT INTO line VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET is_own = excluded.is_own, asked_at = excluded.asked_at",
      holder,
      user_id,
      is_own ? 1 : 0,
      now,
      now,
    );
  }

  leave(holder: string): void {
    this.#sql.exec("DELETE FROM line WHERE holder = ?", holder);
  }

  /** How many have waited for long, and longer than the holder: for any lease, and for one of this user. */
  before(holder: string, userId: string, now: number): { all: number; user: number } {
    this.#dropAbsent(now);
    const since = Math.min(this.#since(holder) ?? now, now - PATIENCE_MS);
    return {
      all: this.#count("since < ? AND is_own = 0", since),
      user: this.#count("since < ? AND user_id = ?", since, userId),
    };
  }

  /** Whether anybody has waited for long whom a lease of this user would help. */
  isOverdue(userId: string, now: number): boolean {
    this.#dropAbsent(now);
    return this.#count("since < ? AND (is_own = 0 OR user_id = ?)", now - PATIENCE_MS, userId) > 0;
  }

  #dropAbsent(now: number): void {
    this.#sql.exec("DELETE FROM line WHERE asked_at <= ?", now - PLACE_MS);
  }

  #since(holder: string): number | undefined {
    return this.#sql.exec<{ since: number }>("SELECT since FROM line WHERE holder = ?", holder).toArray()[0]?.since;
  }

  #count(where: string, ...bindings: (string | number)[]): number {
    const query = `SELECT COUNT(*) AS places FROM line WHERE ${where}`;
    return this.#sql.exec<{ places: number }>(query, ...bindings).one().places;
  }
}
