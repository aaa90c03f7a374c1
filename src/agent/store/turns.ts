// Turns and their events. A turn settles once: every write that would settle it again is refused by its WHERE.

import * as z from "zod";
import { type TokenUsage, type TurnEvent, TurnEventBody } from "../../../container/protocol.ts";
import { newId } from "../../lib/ids.ts";
import type { Evidence, SettledStatus, TurnFailure, TurnRequest, TurnStatus } from "../types.ts";
import type { Activities } from "./activities.ts";
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
/** An event longer than this goes to the documents: escaped, a diff of 400 000 characters may exceed the 2 MB of a row. */
const MAX_ROW_CHARS = 400_000;
/** Few enough that a page of the longest rows is a small part of an isolate's memory. */
const PAGE_EVENTS = 32;
/** As many as a person looks through. */
const MAX_NEWEST = 50;
const OPEN = "status IN ('queued', 'running')";

export class Turns {
  readonly #sql: SqlStorage;
  readonly #documents: Documents;
  readonly #activities: Activities;
  readonly #now: () => number;

  constructor(sql: SqlStorage, activities: Activities, now: () => number) {
    this.#sql = sql;
    this.#documents = new Documents(sql);
    this.#activities = activities;
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
    this.#activities.turnAccepted();
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

  countQueued(): number {
    return this.#sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM turns WHERE status = 'queued'").one().count;
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
    const isLong = text.length > MAX_ROW_CHARS;
    if (isLong) this.#documents.put(id, eventKind(seq), text);
    const stored = isLong ? "" : text;
    this.#sql.exec("INSERT OR IGNORE INTO events (turn_id, seq, at, body) VALUES (?, ?, ?, ?)", id, seq, at, stored);
  }

  /** Events with a number above `after`, a page of them in memory at a time: together they may be more than an isolate holds. */
  events(id: string, after = 0): Generator<TurnEvent, void, undefined> {
    return this.#pages(id, "seq > ? ORDER BY seq", after);
  }

  /** The same backwards, from the last one on. */
  newestEvents(id: string): Generator<TurnEvent, void, undefined> {
    return this.#pages(id, "seq < ? ORDER BY seq DESC", Number.MAX_SAFE_INTEGER);
  }

  /** For the turn's evidence, beside what its events say. */
  addNotes(id: string, notes: readonly string[]): void {
    if (notes.length > 0) this.#documents.put(id, "notes", JSON.stringify([...new Set([...this.notes(id), ...notes])]));
  }

  notes(id: string): string[] {
    return JSON.parse(this.#documents.get(id, "notes") ?? "[]"); // written by addNotes() as this type
  }

  /** The container did not take the turn: it goes to another start. */
  takeBack(id: string): void {
    this.#sql.exec(`UPDATE turns SET status = 'queued', incarnation = NULL WHERE id = ? AND ${OPEN}`, id);
  }

  /** Returns false where the turn had settled before. */
  settle(id: string, result: TurnResult): boolean {
    const query = `UPDATE turns SET status = ?, settled_at = ? WHERE id = ? AND ${OPEN}`;
    if (this.#sql.exec(query, result.status, this.#now(), id).rowsWritten === 0) return false;
    this.#documents.put(id, "result", JSON.stringify(result));
    this.#activities.turnSettled(result.usage);
    return true;
  }

  /** Undefined for a turn that has not settled, and for one whose result has been deleted by {@link expire}. */
  result(id: string): TurnResult | undefined {
    const text = this.#documents.get(id, "result");
    return text === undefined ? undefined : JSON.parse(text); // written by settle() as this type
  }

  /** Ids of the turns that were accepted last, the newest first. */
  newest(): string[] {
    const query = "SELECT id FROM turns ORDER BY position DESC LIMIT ?";
    return this.#sql
      .exec<{ id: string }>(query, MAX_NEWEST)
      .toArray()
      .map(({ id }) => id);
  }

  /** The newest turn that has settled, or the newest of those that settled so. */
  lastSettled(status?: SettledStatus): TurnRow | undefined {
    const order = "ORDER BY position DESC LIMIT 1";
    if (status === undefined) return this.#one(`settled_at IS NOT NULL ${order}`);
    return this.#one(`status = ? ${order}`, status);
  }

  /**
   * Deletes requests, events, approvals and results of turns that settled before that time; that they were, and how they ended,
   * stays. Returns whether others are left that will be due one day.
   */
  expire(before: number): boolean {
    const due = "SELECT id FROM turns WHERE settled_at < ?";
    this.#sql.exec(`DELETE FROM events WHERE turn_id IN (${due})`, before);
    this.#sql.exec(`DELETE FROM approvals WHERE turn_id IN (${due})`, before);
    this.#sql.exec(`DELETE FROM documents WHERE owner IN (${due})`, before);
    const rest = "SELECT EXISTS (SELECT 1 FROM turns WHERE settled_at IS NULL OR settled_at >= ?) AS found";
    return this.#sql.exec<{ found: number }>(rest, before).one().found === 1;
  }

  *#pages(id: string, order: string, start: number): Generator<TurnEvent, void, undefined> {
    const query = `SELECT seq, at, body FROM events WHERE turn_id = ? AND ${order} LIMIT ?`;
    for (let last = start; ; ) {
      const rows = this.#sql.exec<{ seq: number; at: number; body: string }>(query, id, last, PAGE_EVENTS).toArray();
      for (const { seq, at, body } of rows) {
        const text = body === "" ? (this.#documents.get(id, eventKind(seq)) ?? "") : body;
        yield { seq, at, body: TurnEventBody.parse(JSON.parse(text)) };
        last = seq;
      }
      if (rows.length < PAGE_EVENTS) return;
    }
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

function eventKind(seq: number): string {
  return `event ${seq}`;
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
