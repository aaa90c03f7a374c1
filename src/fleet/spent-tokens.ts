// How many tokens a user's model requests have used: per UTC day and per turn. Each request is known by an id of its own, so that
// it counts once, however often it is told, and a later number replaces the estimate before it.

export const SPENT_TOKENS_SCHEMA = `
  CREATE TABLE spent_requests (
    id TEXT PRIMARY KEY,
    day INTEGER NOT NULL,
    tokens INTEGER NOT NULL
  ) WITHOUT ROWID;
  -- kind: day or turn. day: the last one on which something was added.
  CREATE TABLE spent_tokens (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    day INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
  ) WITHOUT ROWID;
`;

export interface SpentRequest {
  id: string;
  /** Null for a request outside of any turn. */
  turn_id: string | null;
  tokens: number;
}

export const DAY_MS = 86_400_000;
/** A turn lasts for a day at most. */
const KEPT_DAYS = 2;

export class SpentTokens {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** `now` is Unix time in ms. A request stays on the day on which it was first told. */
  put({ id, turn_id, tokens }: SpentRequest, now: number): void {
    this.#storage.transactionSync(() => {
      const known = this.#request(id);
      if (known === undefined && tokens === 0) return;
      const day = known?.day ?? dayOf(now);
      const added = tokens - (known?.tokens ?? 0);
      this.#storage.sql.exec("INSERT OR REPLACE INTO spent_requests VALUES (?, ?, ?)", id, day, tokens);
      if (this.#tokens("day", String(day)) === undefined) this.#forget(day - KEPT_DAYS);
      this.#add("day", String(day), day, added);
      if (turn_id !== null) this.#add("turn", turn_id, day, added);
    });
  }

  onDayOf(now: number): number {
    return this.#tokens("day", String(dayOf(now))) ?? 0;
  }

  inTurn(turnId: string): number {
    return this.#tokens("turn", turnId) ?? 0;
  }

  #request(id: string): { day: number; tokens: number } | undefined {
    const query = "SELECT day, tokens FROM spent_requests WHERE id = ?";
    return this.#storage.sql.exec<{ day: number; tokens: number }>(query, id).toArray()[0];
  }

  #tokens(kind: "day" | "turn", id: string): number | undefined {
    const query = "SELECT tokens FROM spent_tokens WHERE kind = ? AND id = ?";
    return this.#storage.sql.exec<{ tokens: number }>(query, kind, id).toArray()[0]?.tokens;
  }

  #add(kind: "day" | "turn", id: string, day: number, tokens: number): void {
    this.#storage.sql.exec(
      `INSERT INTO spent_tokens (kind, id, day, tokens) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, id) DO UPDATE SET day = MAX(day, excluded.day), tokens = tokens + excluded.tokens`,
      ...[kind, id, day, tokens],
    );
  }

  #forget(beforeDay: number): void {
    this.#storage.sql.exec("DELETE FROM spent_requests WHERE day < ?", beforeDay);
    this.#storage.sql.exec("DELETE FROM spent_tokens WHERE day < ?", beforeDay);
  }
}

/** Days since 1970, UTC. */
function dayOf(now: number): number {
  return Math.floor(now / DAY_MS);
}
