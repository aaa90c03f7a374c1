// One user's browser sessions, and the account as the newest sign-in described it. All SQL of them is here.
import * as z from "zod";
import { Account } from "../lib/account.ts";
import { equalsInConstantTime } from "../lib/constant-time.ts";
import { sha256Hex } from "../lib/sha256.ts";

export interface NewBrowserSession {
  id: string;
  secret: string;
  account: Account;
  /** Unix time in ms. */
  expires_at: number;
}

export const BROWSER_SESSIONS_SCHEMA = `
  CREATE TABLE account (only INTEGER PRIMARY KEY CHECK (only = 1), body TEXT NOT NULL);
  CREATE TABLE browser_sessions (id TEXT PRIMARY KEY, hash TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
`;

/** More browsers than anybody has. Above it the oldest session ends: a script that signs in again and again fills nothing. */
const MAX_SESSIONS = 100;

const Row = z.object({ hash: z.string(), expires_at: z.number() });

export class BrowserSessionStore {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number = Date.now) {
    this.#sql = sql;
    this.#now = now;
  }

  async open({ id, secret, account, expires_at }: NewBrowserSession): Promise<void> {
    const hash = await sha256Hex(secret);
    this.#sql.exec("DELETE FROM browser_sessions WHERE expires_at <= ?", this.#now());
    // Sessions that a former password opened do not come back to life with the present one.
    const before = this.account();
    if (before?.method === "owner" && JSON.stringify(before) !== JSON.stringify(account)) this.closeAll();
    this.#sql.exec("INSERT OR REPLACE INTO account VALUES (1, ?)", JSON.stringify(account));
    this.#sql.exec("INSERT INTO browser_sessions VALUES (?, ?, ?)", id, hash, expires_at);
    const newest = "SELECT id FROM browser_sessions ORDER BY expires_at DESC LIMIT ?";
    this.#sql.exec(`DELETE FROM browser_sessions WHERE id <> ? AND id NOT IN (${newest})`, id, MAX_SESSIONS);
  }

  /** The account, or null for a session that is unknown, wrong, ended or expired. */
  async use(id: string, secret: string): Promise<Account | null> {
    const [found] = this.#sql.exec("SELECT hash, expires_at FROM browser_sessions WHERE id = ?", id).toArray();
    if (found === undefined) return null;
    const { hash, expires_at } = Row.parse(found);
    if (!(await equalsInConstantTime(hash, await sha256Hex(secret))) || expires_at <= this.#now()) return null;
    return this.account();
  }

  /** Null before the first sign-in. */
  account(): Account | null {
    const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM account").toArray();
    return row === undefined ? null : Account.parse(JSON.parse(row.body));
  }

  close(id: string): void {
    this.#sql.exec("DELETE FROM browser_sessions WHERE id = ?", id);
  }

  closeAll(): void {
    this.#sql.exec("DELETE FROM browser_sessions");
  }
}
