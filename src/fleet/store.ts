// The index of one user's agents. All SQL of the directory is here.
import { type AgentReport, AgentState, type SessionStatus } from "../lib/agent-report.ts";
import type { Position } from "./cursor.ts";

export interface Page {
  rows: AgentState[];
  /** Where the next page begins; null on the last one. */
  next: Position | null;
}

export interface PageRequest {
  limit: number;
  after: Position | null;
}

const COLUMNS = "agent_id, session_id, status, container_id, created_at, last_active_at, turns, conversation_id";
const ORDER = "ORDER BY last_active_at DESC, agent_id LIMIT ?";
/** Written so that the index is entered at the cursor: an OR of both columns would read all rows before it. */
const AFTER = "last_active_at <= ? AND (last_active_at < ? OR agent_id > ?)";
const REMOVED_FOR_MS = 86_400_000;

export class AgentIndex {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number = Date.now) {
    this.#sql = sql;
    this.#now = now;
  }

  /** Takes the report in if it is newer than what is known. Returns the highest number known of that agent. */
  put(report: AgentReport): number {
    const removed = this.#number("removed", report.agent_id);
    if (removed !== undefined && removed >= report.number) return removed;
    this.#sql.exec(
      `INSERT INTO agents (number, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (agent_id) DO UPDATE SET number = excluded.number, session_id = excluded.session_id,
         status = excluded.status, container_id = excluded.container_id, created_at = excluded.created_at,
         last_active_at = excluded.last_active_at, turns = excluded.turns, conversation_id = excluded.conversation_id
       WHERE excluded.number > agents.number`,
      report.number,
      report.agent_id,
      report.session_id,
      report.status,
      report.container_id,
      report.created_at,
      report.last_active_at,
      report.turns,
      report.conversation_id,
    );
    return this.#number("agents", report.agent_id) ?? report.number;
  }

  /** Forgets the agent; reports up to `number` that come later are passed over. */
  remove(agentId: string, number: number): void {
    this.#sql.exec("DELETE FROM agents WHERE agent_id = ?", agentId);
    this.#sql.exec("DELETE FROM removed WHERE removed_at < ?", this.#now() - REMOVED_FOR_MS);
    this.#sql.exec("INSERT OR REPLACE INTO removed VALUES (?, ?, ?)", agentId, number, this.#now());
  }

  find(agentId: string): AgentState | undefined {
    return this.#rows("agent_id = ?", agentId)[0];
  }

  list(status: SessionStatus | null, { limit, after }: PageRequest): Page {
    const filter = status === null ? "TRUE" : "status = ?";
    return this.#page(filter, status === null ? [] : [status], { limit, after });
  }

  /** Agents whose container is up. */
  listUp(request: PageRequest): Page {
    return this.#page("container_id IS NOT NULL", [], request);
  }

  /** Agents without activity since `before`, the longest idle first: all of them, or those whose container is up. */
  listInactive(before: number, onlyUp: boolean, limit: number): AgentState[] {
    const filter = onlyUp ? "container_id IS NOT NULL AND" : "";
    return this.#rows(`${filter} last_active_at <= ? ORDER BY last_active_at, agent_id DESC LIMIT ?`, before, limit);
  }

  count(status: SessionStatus | null): number {
    const where = status === null ? "TRUE" : "status = ?";
    const query = `SELECT COALESCE(SUM(agents), 0) AS agents FROM counts WHERE ${where}`;
    return this.#sql.exec<{ agents: number }>(query, ...(status === null ? [] : [status])).one().agents;
  }

  /** Few of all agents are up at once, and the index holds only those. */
  countUp(): number {
    const query = "SELECT COUNT(*) AS agents FROM agents WHERE container_id IS NOT NULL";
    return this.#sql.exec<{ agents: number }>(query).one().agents;
  }

  /** Writes a value and reads it back. */
  probe(value: number): boolean {
    this.#sql.exec("INSERT OR REPLACE INTO probes VALUES (1, ?)", value);
    return this.#sql.exec<{ value: number }>("SELECT value FROM probes").one().value === value;
  }

  #page(filter: string, bindings: string[], { limit, after }: PageRequest): Page {
    const from = after === null ? [] : [after.last_active_at, after.last_active_at, after.agent_id];
    const where = after === null ? filter : `${filter} AND ${AFTER}`;
    // One more than asked for: whether there is a next page.
    const rows = this.#rows(`${where} ${ORDER}`, ...bindings, ...from, limit + 1);
    const last = rows[limit - 1];
    return { rows: rows.slice(0, limit), next: rows.length > limit && last !== undefined ? last : null };
  }

  #rows(where: string, ...bindings: (string | number)[]): AgentState[] {
    const rows = this.#sql.exec(`SELECT ${COLUMNS} FROM agents WHERE ${where}`, ...bindings).toArray();
    return rows.map((row) => AgentState.parse(row));
  }

  #number(table: "agents" | "removed", agentId: string): number | undefined {
    const query = `SELECT number FROM ${table} WHERE agent_id = ?`;
    return this.#sql.exec<{ number: number }>(query, agentId).toArray()[0]?.number;
  }
}
