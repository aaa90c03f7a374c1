// Turns and their events. A turn settles once: every write that would settle it again is refused by its WHERE.

import * as z from "zod";
import { type TokenUsage, type TurnEvent, TurnEventBody } from "../../../container/protocol.ts";
import { newId } from "../../lib/ids.ts";
import type { Evidence, SettledStatus, TurnFailure, TurnRequest, TurnStatus } from "../types.ts";
import { Documents } from "./documents.ts";

export interface TurnRow {
  position: number;
  id: string;
  conversation_id: string;
  tool: string;
  status: TurnStatus;
  /** The container start to which the turn was given; null before that. */
  incarnation: string | null;
  /** Number of the last event that is stored. */
  last_seq: number;
  created_at: number;
  started_at: number | null;
  settled_at: number | null;
}

export interface TurnResult {
  status: SettledStatus;
  answer: string | null;
  error: TurnFailure | null;
  usage: TokenUsage | null;
  evidence: Evidence | null;
}

const COLUMNS =
  "position, id, conversation_id, tool, status, incarnation, last_seq, created_at, started_at, settled_at";
const OPEN = "status IN ('queued', 'running')";

export class Turns {
  readonly #sql: SqlStorage;
  readonly #documents: Documents;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#documents = new Documents(sql);
    this.#now = now;
  }

  /** Writes the request down before anything else happens with it. */
  accept(request: TurnRequest, conversationId: string): TurnRow {
    const id = newId("turn", this.#now());
    this.#sql.exec(
      "INSERT INTO turns (id, conversation_id, request_id, tool, status, created_at) VALUES (?, ?, ?, ?, 'queued', ?)",
      id,
      conversationId,
      request.request_id,
      request.tool,
      this.#now(),
    );
    this.#documents.put(id, "request", JSON.stringify(request));
    return this.#require(id);
  }

  find(id: string): TurnRow | undefined {
    return this.#one("id = ?", id);
  }

  findByRequestId(requestId: string): TurnRow | undefined {
    return this.#one("request_id = ?", requestId);
  }

  /** The turn that is at work or next. */
  firstOpen(): TurnRow | undefined {
    return this.#one(`${OPEN} ORDER BY position LIMIT 1`);
  }

  openBefore(position: number): number {
    const query = `SELECT COUNT(*) AS count FROM turns WHERE ${OPEN} AND position < ?`;
    return this.#sql.exec<{ count: number }>(query, position).one().count;
  }

  request(id: string): TurnRequest {
    return JSON.parse(this.#documents.get(id, "request") ?? "null"); // written by accept() as this type
  }

  /** The turn goes to this container start, and to no other. */
  dispatch(id: string, incarnation: string): void {
    this.#sql.exec(
      `UPDATE turns SET status = 'running', incarnation = ?, started_at = COALESCE(started_at, ?) WHERE id = ? AND ${OPEN}`,
      incarnation,
      this.#now(),
      id,
    );
  }

  /** Takes an event in if it is the next one of an open turn; returns whether it was. */
  advance(id: string, seq: number): boolean {
    const query = `UPDATE turns SET last_seq = ? WHERE id = ? AND last_seq = ? AND ${OPEN}`;
    return this.#sql.exec(query, seq, id, seq - 1).rowsWritten > 0;
  }

  addEvent(id: string, { seq, at, body }: TurnEvent): void {
    const text = JSON.stringify(body);
    this.#sql.exec("INSERT OR IGNORE INTO events (turn_id, seq, at, body) VALUES (?, ?, ?, ?)", id, seq, at, text);
  }

  events(id: string, after = 0): TurnEvent[] {
    return this.#sql
      .exec<{ seq: number; at: number; body: string }>(
        "SELECT seq, at, body FROM events WHERE turn_id = ? AND seq > ? ORDER BY seq",
        id,
        after,
      )
      .toArray()
      .map(({ seq, at, body }) => ({ seq, at, body: TurnEventBody.parse(JSON.parse(body)) }));
  }

  /** Returns false where the turn had settled before. */
  settle(id: string, result: TurnResult): boolean {
    const query = `UPDATE turns SET status = ?, settled_at = ? WHERE id = ? AND ${OPEN}`;
    if (this.#sql.exec(query, result.status, this.#now(), id).rowsWritten === 0) return false;
    this.#documents.put(id, "result", JSON.stringify(result));
    return true;
  }

  result(id: string): TurnResult | undefined {
    const text = this.#documents.get(id, "result");
    return text === undefined ? undefined : JSON.parse(text); // written by settle() as this type
  }

  #one(where: string, ...bindings: (string | number)[]): TurnRow | undefined {
    const [row] = this.#sql.exec(`SELECT ${COLUMNS} FROM turns WHERE ${where}`, ...bindings).toArray();
    return row === undefined ? undefined : Row.parse(row);
  }

  #require(id: string): TurnRow {
    const row = this.find(id);
    if (row === undefined) throw new Error(`turn ${id} was just written and is not there`);
    return row;
  }
}

const Row = z.object({
  position: z.number(),
  id: z.string(),
  conversation_id: z.string(),
  tool: z.string(),
  status: z.enum(["queued", "running", "completed", "failed", "cancelled", "interrupted"]),
  incarnation: z.string().nullable(),
  last_seq: z.number(),
  created_at: z.number(),
  started_at: z.number().nullable(),
  settled_at: z.number().nullable(),
}) satisfies z.ZodType<TurnRow>;
