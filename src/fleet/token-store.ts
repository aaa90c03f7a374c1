// One user's personal access tokens: their hashes, what they may do and until when. All SQL of them is here.
import * as z from "zod";
import { AppError } from "../errors.ts";
import { equalsInConstantTime } from "../lib/constant-time.ts";
import { Scope } from "../lib/scopes.ts";
import { sha256Hex } from "../lib/sha256.ts";

export interface NewToken {
  id: string;
  secret: string;
  name: string;
  scopes: readonly Scope[];
  /** Unix time in ms, as all times here. */
  expires_at: number;
}

export interface TokenRow {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: number;
  expires_at: number;
  last_used_at: number | null;
}

export const TOKENS_SCHEMA = `
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER
  ) WITHOUT ROWID;
`;

const MAX_TOKENS = 100;
/** How exact the time of the last use is: a write for each request would cost more than it tells. */
const TOUCH_INTERVAL_MS = 60_000;

const Row = z.object({
  id: z.string(),
  hash: z.string(),
  name: z.string(),
  scopes: z.string().transform((text) => z.array(Scope).parse(JSON.parse(text))),
  created_at: z.number(),
  expires_at: z.number(),
  last_used_at: z.number().nullable(),
});

export class TokenStore {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number = Date.now) {
    this.#sql = sql;
    this.#now = now;
  }

  /** Throws `conflict` where there are as many as a user may have. */
  async add({ id, secret, name, scopes, expires_at }: NewToken): Promise<void> {
    const hash = await sha256Hex(secret);
    this.#sql.exec("DELETE FROM tokens WHERE expires_at <= ?", this.#now() - EXPIRED_SHOWN_MS);
    const [count] = this.#sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM tokens").toArray();
    if ((count?.n ?? 0) >= MAX_TOKENS) throw new AppError("conflict", "You have 100 tokens. Revoke one first.");
    this.#sql.exec(
      "INSERT INTO tokens (id, hash, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
      id,
      hash,
      name,
      JSON.stringify(scopes),
      this.#now(),
      expires_at,
    );
  }

  /** The newest first, the expired ones for a while as well. */
  list(): TokenRow[] {
    const rows = this.#sql.exec("SELECT * FROM tokens ORDER BY created_at DESC, id").toArray();
    return rows.map((row) => {
      const { hash: _, ...shown } = Row.parse(row);
      return shown;
    });
  }

  /** Null for a token that is unknown, wrong, revoked or expired. */
  async use(id: string, secret: string): Promise<TokenRow | null> {
    const [found] = this.#sql.exec("SELECT * FROM tokens WHERE id = ?", id).toArray();
    if (found === undefined) return null;
    const { hash, ...row } = Row.parse(found);
    const now = this.#now();
    if (!(await equalsInConstantTime(hash, await sha256Hex(secret))) || row.expires_at <= now) return null;
    if (now - (row.last_used_at ?? 0) >= TOUCH_INTERVAL_MS)
      this.#sql.exec("UPDATE tokens SET last_used_at = ? WHERE id = ?", now, id);
    return row;
  }

  revoke(id: string): void {
    this.#sql.exec("DELETE FROM tokens WHERE id = ?", id);
  }
}

const EXPIRED_SHOWN_MS = 30 * 86_400_000;
