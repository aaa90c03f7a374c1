// Texts of any length, in pieces: a row of the database holds 2 MB at most.
// https://developers.cloudflare.com/durable-objects/platform/limits/

/** In UTF-16 units; at most 4 bytes each in UTF-8. */
const PIECE_CHARS = 400_000;

export class Documents {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Replaces what was there. */
  put(owner: string, kind: string, text: string): void {
    this.#sql.exec("DELETE FROM documents WHERE owner = ? AND kind = ?", owner, kind);
    for (const [part, piece] of pieces(text).entries()) {
      this.#sql.exec("INSERT INTO documents (owner, kind, part, text) VALUES (?, ?, ?, ?)", owner, kind, part, piece);
    }
  }

  get(owner: string, kind: string): string | undefined {
    const rows = this.#sql
      .exec<{ text: string }>("SELECT text FROM documents WHERE owner = ? AND kind = ? ORDER BY part", owner, kind)
      .toArray();
    return rows.length === 0 ? undefined : rows.map((row) => row.text).join("");
  }
}

/** Never cuts a surrogate pair in two: each half alone would be replaced when it is stored. */
function pieces(text: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length || parts.length === 0; ) {
    let end = Math.min(start + PIECE_CHARS, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
    parts.push(text.slice(start, end));
    start = end;
    if (text.length === 0) break;
  }
  return parts;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
