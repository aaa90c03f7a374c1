// The credentials of one user as rows: secrets sealed, facts that may be shown in the clear. All SQL of credentials is here.
import * as z from "zod";
import type { Sealed } from "../lib/seal.ts";

/** `device_login`: one that waits for its user. */
export type CredentialKind = "oauth" | "api_key" | "device_login";

export interface StoredCredential {
  /** Another one for each state of the credential, so that an answer to an older state is told from one to the present. */
  id: string;
  sealed: Sealed;
  facts: unknown;
}

const Row = z.object({
  id: z.string(),
  key_id: z.string(),
  sealed: z.instanceof(ArrayBuffer),
  facts: z.string(),
});

export class CredentialStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(kind: CredentialKind): StoredCredential | undefined {
    const [row] = this.#sql.exec("SELECT id, key_id, sealed, facts FROM credentials WHERE kind = ?", kind).toArray();
    if (row === undefined) return undefined;
    const { id, key_id, sealed, facts } = Row.parse(row);
    return { id, sealed: { key_id, bytes: new Uint8Array(sealed) }, facts: JSON.parse(facts) };
  }

  put(kind: CredentialKind, { id, sealed, facts }: StoredCredential): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO credentials (kind, id, key_id, sealed, facts) VALUES (?, ?, ?, ?, ?)",
      kind,
      id,
      sealed.key_id,
      sealed.bytes,
      JSON.stringify(facts),
    );
  }

  /** Only where the credential is still in the state `id`. */
  putFacts(kind: CredentialKind, id: string, facts: object): void {
    this.#sql.exec("UPDATE credentials SET facts = ? WHERE kind = ? AND id = ?", JSON.stringify(facts), kind, id);
  }

  remove(kind: CredentialKind): void {
    this.#sql.exec("DELETE FROM credentials WHERE kind = ?", kind);
  }
}
