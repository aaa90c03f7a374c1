// Leases on containers: who holds one, and until when. All SQL of them is here. A holder that dies does not give its lease
// back, so each one ends by itself unless it is renewed.
import * as z from "zod";
import { Line } from "./line.ts";

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
  readonly #line: Line;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number = Date.now) {
    this.#sql = sql;
    this.#line = new Line(sql);
    this.#now = now;
  }

  /** Whoever holds one keeps it. Whoever is refused has a place in the line, for when they ask again. */
  acquire(request: LeaseRequest): LeaseAnswer {
    const { holder, user_id } = request;
    const now = this.#now();
    this.#sql.exec("DELETE FROM leases WHERE expires_at <= ?", now);
    const isHeld = this.#count("holder = ?", holder) > 0;
    const full = isHeld ? undefined : this.#full(request, now);
    if (full !== undefined) {
      this.#line.join({ holder, user_id, is_own: full === "user" }, now);
      return { granted: false, full, own: this.#own(user_id) };
    }
    this.#line.leave(holder);
    this.#put(holder, user_id, now, now);
    return { granted: true };
  }

  /**
   * Also for a lease that has ended meanwhile: the container is up, so it counts. `usedAt` is Unix time in ms. Returns whether
   * somebody has waited long who could have it.
   */
  renew(holder: string, userId: string, usedAt: number): boolean {
    const now = this.#now();
    this.#put(holder, userId, usedAt, now);
    return this.#line.isOverdue(userId, now);
  }

  release(holder: string): void {
    this.#sql.exec("DELETE FROM leases WHERE holder = ?", holder);
  }

  /** Those who come before the holder count as if they had their leases. */
  #full({ holder, user_id, limits }: LeaseRequest, now: number): "all" | "user" | undefined {
    const before = this.#line.before(holder, user_id, now);
    if (this.#count("TRUE") + before.all >= limits.all) return "all";
    return this.#count("user_id = ?", user_id) + before.user >= limits.user ? "user" : undefined;
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
