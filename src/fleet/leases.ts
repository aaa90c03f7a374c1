// Leases on containers: who holds one, and until when. All SQL of the fleet is here. A holder that dies does not give its lease
// back, so each one ends by itself unless it is renewed.
import * as z from "zod";

export interface LeaseRequest {
  /** The Durable Object id of the agent. */
  holder: string;
  user_id: string;
  /** How many leases there may be, of all users and of this one. */
  limits: { all: number; user: number };
}

/** `full`: of whom there are too many. `own`: what this user holds besides, the longest unused first. */
export type LeaseAnswer = { granted: true } | { granted: false; full: "all" | "user"; own: string[] };

/** Above the interval at which agents renew theirs by enough to lose one renewal and be late with the next. */
const LEASE_MS = 180_000;

export const LEASES_SCHEMA = `
  CREATE TABLE leases (
    holder TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX leases_by_user ON leases (user_id, used_at);
  CREATE INDEX leases_by_expiry ON leases (expires_at);
`;

const Row = z.object({ holder: z.string() });

export class Leases {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number = Date.now) {
    this.#sql = sql;
    this.#now = now;
  }

  /** Whoever holds one keeps it. */
  acquire({ holder, user_id, limits }: LeaseRequest): LeaseAnswer {
    const now = this.#now();
    this.#sql.exec("DELETE FROM leases WHERE expires_at <= ?", now);
    const isHeld = this.#count("holder = ?", holder) > 0;
    const full = isHeld ? undefined : this.#full(user_id, limits);
    if (full !== undefined) return { granted: false, full, own: this.#own(user_id) };
    this.#put(holder, user_id, now, now);
    return { granted: true };
  }

  /** Also for a lease that has ended meanwhile: the container is up, so it counts. `usedAt` is Unix time in ms. */
  renew(holder: string, userId: string, usedAt: number): void {
    this.#put(holder, userId, usedAt, this.#now());
  }

  release(holder: string): void {
    this.#sql.exec("DELETE FROM leases WHERE holder = ?", holder);
  }

  #full(userId: string, limits: LeaseRequest["limits"]): "all" | "user" | undefined {
    if (this.#count("TRUE") >= limits.all) return "all";
    return this.#count("user_id = ?", userId) >= limits.user ? "user" : undefined;
  }

  #own(userId: string): string[] {
    const rows = this.#sql.exec("SELECT holder FROM leases WHERE user_id = ? ORDER BY used_at", userId).toArray();
    return rows.map((row) => Row.parse(row).holder);
  }

  #put(holder: string, userId: string, usedAt: number, now: number): void {
    const values = [holder, userId, usedAt, now + LEASE_MS];
    this.#sql.exec(
      "INSERT OR REPLACE INTO leases (holder, user_id, used_at, expires_at) VALUES (?, ?, ?, ?)",
      ...values,
    );
  }

  #count(where: string, ...bindings: string[]): number {
    const query = `SELECT COUNT(*) AS leases FROM leases WHERE ${where}`;
    return this.#sql.exec<{ leases: number }>(query, ...bindings).one().leases;
  }
}
