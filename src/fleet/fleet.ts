// The one Durable Object (its name is `fleet`) that knows how many containers are up, of all users together. It only counts: what an agent does with
// its container is the agent's own business.
import { DurableObject } from "cloudflare:workers";
import { migrate } from "../lib/migrate.ts";
import { type LeaseAnswer, type LeaseRequest, Leases } from "./leases.ts";

/** Idle agents that are asked in turn to make room; then the caller is told to come back. */
const MAX_ASKED = 3;

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE leases (
    holder TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX leases_by_user ON leases (user_id, used_at);
  CREATE INDEX leases_by_expiry ON leases (expires_at);
  `,
];

export class Fleet extends DurableObject<Cloudflare.Env> {
  readonly #leases: Leases;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#leases = new Leases(ctx.storage.sql);
  }

  /**
   * Where there are too many, an idle agent of the same user is put to sleep to make room; its work is not lost by that.
   * Agents of other users are never touched.
   */
  async acquire(request: LeaseRequest): Promise<LeaseAnswer> {
    let answer = this.#leases.acquire(request);
    if (answer.granted) return answer;
    for (const holder of answer.own.slice(0, MAX_ASKED)) {
      if (!(await this.#yields(holder))) continue;
      this.#leases.release(holder);
      answer = this.#leases.acquire(request);
      if (answer.granted) return answer;
    }
    return answer;
  }

  renew(holder: string, userId: string, usedAt: number): void {
    this.#leases.renew(holder, userId, usedAt);
  }

  release(holder: string): void {
    this.#leases.release(holder);
  }

  /** One that cannot be asked keeps its lease: that ends by itself if nobody is there any more. */
  async #yields(holder: string): Promise<boolean> {
    const agents = this.env.CODEX_AGENT;
    return agents
      .get(agents.idFromString(holder))
      .yieldContainer()
      .catch(() => false);
  }
}
