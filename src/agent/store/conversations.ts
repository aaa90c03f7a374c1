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
    return this.#bytesOf(threadId, this.branch(threadId));
  }

  /** Appends where the piece continues what is held; a repeated piece is passed over. Returns false for a gap. */
  appendRollout(threadId: string, offset: number, bytes: number, text: string): boolean {
    const branch = this.branch(threadId);
    const held = this.#bytesOf(threadId, branch);
    if (offset > held) return false;
    if (offset < held) return true;
    this.#sql.exec(
      "INSERT INTO rollouts (thread_id, branch, offset, bytes, text) VALUES (?, ?, ?, ?, ?)",
      threadId,
      branch,
      offset,
      bytes,
      text,
    );
    return true;
  }

  /** The rollout from its beginning, one stored piece at a time. */
  *rollout(threadId: string): Generator<string, void, undefined> {
    for (const { branch, end } of this.#lineage(threadId)) {
      const rows = this.#sql.exec<{ text: string }>(
        "SELECT text FROM rollouts WHERE thread_id = ? AND branch = ? AND offset < ? ORDER BY offset",
        threadId,
        branch,
        end,
      );
      for (const row of rows) yield row.text;
    }
  }

  /** Which of the thread's pasts counts: it has another one after each {@link fork}. */
  branch(threadId: string): number {
    const [row] = this.#sql
      .exec<{ branch: number }>("SELECT branch FROM rollout_heads WHERE thread_id = ?", threadId)
      .toArray();
    return row?.branch ?? 0;
  }

  /** The rollout is what it was when that branch counted and it had `offset` bytes. What came later stays, on its own branch. */
  fork(threadId: string, branch: number, offset: number): void {
    const forked = this.#sql
      .exec<{ id: number }>(
        "INSERT INTO rollout_branches (thread_id, parent, fork_offset) VALUES (?, ?, ?) RETURNING id",
        threadId,
        branch,
        offset,
      )
      .one();
    this.#sql.exec("INSERT OR REPLACE INTO rollout_heads (thread_id, branch) VALUES (?, ?)", threadId, forked.id);
  }

  #bytesOf(threadId: string, branch: number): number {
    const query = "SELECT MAX(offset + bytes) AS size FROM rollouts WHERE thread_id = ? AND branch = ?";
    const [row] = this.#sql.exec<{ size: number | null }>(query, threadId, branch).toArray();
    return row?.size ?? this.#origin(branch)?.fork_offset ?? 0;
  }

  /** The branches that the present one has grown from, the first one first, each with where it was left. */
  #lineage(threadId: string): { branch: number; end: number }[] {
    const lineage: { branch: number; end: number }[] = [];
    let branch = this.branch(threadId);
    let end = Number.MAX_SAFE_INTEGER;
    for (;;) {
      lineage.unshift({ branch, end });
      const origin = this.#origin(branch);
      if (origin === undefined) return lineage;
      branch = origin.parent;
      end = Math.min(end, origin.fork_offset);
    }
  }

  /** Undefined for the first branch of a thread. */
  #origin(branch: number): { parent: number; fork_offset: number } | undefined {
    return this.#sql
      .exec<{ parent: number; fork_offset: number }>(
        "SELECT parent, fork_offset FROM rollout_branches WHERE id = ?",
        branch,
      )
      .toArray()[0];
  }
}
