// The Durable Object of one user (its name is the user's id): an index of the agents, as they last reported themselves.
import { DurableObject } from "cloudflare:workers";
import { type Outcome, outcomeOf } from "../errors.ts";
import type { AgentReport, AgentState, SessionStatus } from "../lib/agent-report.ts";
import { migrate } from "../lib/migrate.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { MIGRATIONS } from "./migrations.ts";
import { AgentIndex, type Page } from "./store.ts";

export interface ListRequest {
  status?: SessionStatus | undefined;
  agent_id?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

export interface AgentList {
  agents: AgentState[];
  next_cursor?: string;
  /** Of all pages. */
  total: number;
}

export class Directory extends DurableObject<Cloudflare.Env> {
  readonly #index: AgentIndex;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#index = new AgentIndex(ctx.storage.sql);
  }

  /** Returns the highest number that is known of the agent: above that of `report` where it came too late. */
  report(report: AgentReport): number {
    return this.#index.put(report);
  }

  remove(agentId: string, number: number): void {
    this.#index.remove(agentId, number);
  }

  /** The most recently active first. An agent that becomes active during a walk moves to pages that were read before. */
  list({ status, agent_id, cursor, limit }: ListRequest): Promise<Outcome<AgentList>> {
    return outcomeOf(() => {
      if (agent_id !== undefined) return this.#single(agent_id, status);
      const after = cursor === undefined ? null : decodeCursor(cursor);
      const page = this.#index.list(status ?? null, { limit, after });
      return toList(page, this.#index.count(status ?? null));
    });
  }

  /** Agents whose container is up, in the order of {@link list}. */
  listUp({ cursor, limit }: ListRequest): Promise<Outcome<AgentList>> {
    return outcomeOf(() => {
      const after = cursor === undefined ? null : decodeCursor(cursor);
      return toList(this.#index.listUp({ limit, after }), this.#index.countUp());
    });
  }

  /** Agents without activity since `before`, the longest idle first. */
  listInactive(before: number, onlyUp: boolean, limit: number): AgentState[] {
    return this.#index.listInactive(before, onlyUp, limit);
  }

  /** For health checks: whether what is written can be read, and how many agents there are. */
  check(probe: number): { is_durable: boolean; agents: number; up: number } {
    return { is_durable: this.#index.probe(probe), agents: this.#index.count(null), up: this.#index.countUp() };
  }

  #single(agentId: string, status: SessionStatus | undefined): AgentList {
    const found = this.#index.find(agentId);
    const agents = found !== undefined && (status ?? found.status) === found.status ? [found] : [];
    return { agents, total: agents.length };
  }
}

function toList({ rows, next }: Page, total: number): AgentList {
  return { agents: rows, ...(next === null ? {} : { next_cursor: encodeCursor(next) }), total };
}
