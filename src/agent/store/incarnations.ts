// Each start of the agent's container: its tokens, and whether it is over. Tokens of one start are worth nothing in the next.
import { equalsInConstantTime } from "../../lib/constant-time.ts";
import { newId, newSecret } from "../../lib/ids.ts";

export interface Incarnation {
  id: string;
  runner_token: string;
}

export interface PreparedIncarnation extends Incarnation {
  model_secret: string;
  model_token_hash: string;
}

export class Incarnations {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** The start that is not known to have ended. */
  current(): Incarnation | undefined {
    return this.#sql
      .exec<{ id: string; runner_token: string }>("SELECT id, runner_token FROM incarnations WHERE ended_at IS NULL")
      .toArray()[0];
  }

  /** Tokens for a start to come. Nothing is stored yet. */
  async prepare(): Promise<PreparedIncarnation> {
    const model_secret = newSecret();
    const model_token_hash = await hashOf(model_secret);
    return { id: newId("inc", this.#now()), runner_token: newSecret(), model_secret, model_token_hash };
  }

  /** The container is up with these tokens. Ends any older start; of the model's secret only the hash is stored. */
  begin({ id, runner_token, model_token_hash }: PreparedIncarnation): void {
    this.endCurrent();
    this.#sql.exec(
      "INSERT INTO incarnations (id, runner_token, model_token_hash, started_at) VALUES (?, ?, ?, ?)",
      id,
      runner_token,
      model_token_hash,
      this.#now(),
    );
  }

  endCurrent(): void {
    this.#sql.exec("DELETE FROM incarnations WHERE ended_at IS NOT NULL");
    this.#sql.exec("UPDATE incarnations SET ended_at = ? WHERE ended_at IS NULL", this.#now());
  }

  /** Whether `secret` is what the running container was given for the model gateway. */
  async isModelSecret(secret: string): Promise<boolean> {
    const [row] = this.#sql
      .exec<{ model_token_hash: string }>("SELECT model_token_hash FROM incarnations WHERE ended_at IS NULL")
      .toArray();
    return row !== undefined && (await equalsInConstantTime(row.model_token_hash, await hashOf(secret)));
  }
}

async function hashOf(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
