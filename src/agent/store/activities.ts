// What an agent has done over its whole life, kept as sums: the turns themselves lose their details in time.
import type { TokenUsage } from "../../../container/protocol.ts";

export interface Activity {
  user_id: string;
  agent_id: string;
  conversation_id: string | null;
  /** Unix time in ms. */
  created_at: number;
  last_active_at: number;
  turns: number;
  tokens_used: TokenUsage;
}

interface Row extends TokenUsage {
  [column: string]: SqlStorageValue;
  user_id: string;
  agent_id: string;
  conversation_id: string | null;
  created_at: number;
  last_active_at: number;
  turns: number;
}

export class Activities {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** In another way than by a turn. */
  used(): void {
    this.#sql.exec("UPDATE totals SET last_active_at = ?", this.#now());
  }

  turnAccepted(): void {
    this.#sql.exec("UPDATE totals SET turns = turns + 1, last_active_at = ?", this.#now());
  }

  turnSettled(usage: TokenUsage | null): void {
    this.#sql.exec(
      `UPDATE totals SET last_active_at = ?, input_tokens = input_tokens + ?,
         cached_input_tokens = cached_input_tokens + ?, output_tokens = output_tokens + ?,
         reasoning_tokens = reasoning_tokens + ?`,
      this.#now(),
      usage?.input_tokens ?? 0,
      usage?.cached_input_tokens ?? 0,
      usage?.output_tokens ?? 0,
      usage?.reasoning_tokens ?? 0,
    );
  }

  /** Undefined for an agent that was never used. */
  read(): Activity | undefined {
    const [row] = this.#sql
      .exec<Row>(
        `SELECT user_id, agent_id, conversation_id, created_at, MAX(created_at, last_active_at) AS last_active_at, turns,
           input_tokens, cached_input_tokens, output_tokens, reasoning_tokens FROM agent, totals`,
      )
      .toArray();
    if (row === undefined) return undefined;
    const { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, ...rest } = row;
    return { ...rest, tokens_used: { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens } };
  }
}
