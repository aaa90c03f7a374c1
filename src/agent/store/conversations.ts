// Who the agent is, and its conversations: each is one Codex thread, whose rollout is kept here byte by byte.
import { newId } from "../../lib/ids.ts";

export interface Identity {
  user_id: string;
  agent_id: string;
}

export interface Conversation {
  id: string;
  thread_id: string | null;
}

export class Conversations {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** Remembers who this agent is; the first call counts. */
  introduce({ user_id, agent_id }: Identity): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO agent (only, user_id, agent_id, created_at) VALUES (1, ?, ?, ?)",
      user_id,
      agent_id,
      this.#now(),
    );
  }

  identity(): Identity | undefined {
    return this.#sql.exec<{ user_id: string; agent_id: string }>("SELECT user_id, agent_id FROM agent").toArray()[0];
  }

  /** The agent's current conversation; a first one where there is none. */
  current(): Conversation {
    const [row] = this.#sql.exec<{ conversation_id: string | null }>("SELECT conversation_id FROM agent").toArray();
    const id = row?.conversation_id ?? null;
    return (id === null ? undefined : this.find(id)) ?? this.begin();
  }

  /** Starts one and makes it the current one. */
  begin(): Conversation {
    const id = newId("conv", this.#now());
    this.#sql.exec("INSERT INTO conversations (id, thread_id, created_at) VALUES (?, NULL, ?)", id, this.#now());
    this.makeCurrent(id);
    return { id, thread_id: null };
  }

  makeCurrent(id: string): void {
    this.#sql.exec("UPDATE agent SET conversation_id = ?", id);
  }

  find(id: string): Conversation | undefined {
    return this.#sql
      .exec<{ id: string; thread_id: string | null }>("SELECT id, thread_id FROM conversations WHERE id = ?", id)
      .toArray()[0];
  }

  setThread(id: string, threadId: string | null): void {
    this.#sql.exec("UPDATE conversations SET thread_id = ? WHERE id = ?", threadId, id);
  }

  rolloutBytes(threadId: string): number {
    const [row] = this.#sql
      .exec<{ size: number | null }>("SELECT MAX(offset + bytes) AS size FROM rollouts WHERE thread_id = ?", threadId)
      .toArray();
    return row?.size ?? 0;
  }

  /** Appends where the piece continues what is held; a repeated piece is passed over. Returns false for a gap. */
  appendRollout(threadId: string, offset: number, bytes: number, text: string): boolean {
    const held = this.rolloutBytes(threadId);
    if (offset > held) return false;
    if (offset < held) return true;
    this.#sql.exec(
      "INSERT INTO rollouts (thread_id, offset, bytes, text) VALUES (?, ?, ?, ?)",
      threadId,
      offset,
      bytes,
      text,
    );
    return true;
  }

  /** The rollout from its beginning, one stored piece at a time. */
  *rollout(threadId: string): Generator<string, void, undefined> {
    const rows = this.#sql.exec<{ text: string }>(
      "SELECT text FROM rollouts WHERE thread_id = ? ORDER BY offset",
      threadId,
    );
    for (const row of rows) yield row.text;
  }
}
