// What all users of a deployment share, in two Durable Objects (fleet-of.ts): `fleet` counts the containers that are up, and keeps
// the key that this deployment signs with; `doorkeeper` counts the attempts to get in.
import { DurableObject } from "cloudflare:workers";
import { newSecret } from "../lib/ids.ts";
import { migrate } from "../lib/migrate.ts";
import { ATTEMPTS_SCHEMA, type AttemptLimits, Attempts } from "./attempts.ts";
import { LEASES_SCHEMA, type LeaseAnswer, type LeaseRequest, Leases } from "./leases.ts";
import { LINE_SCHEMA } from "./line.ts";

/** Idle agents that are asked in turn to make room; then the caller is told to come back. */
const MAX_ASKED = 3;

const MIGRATIONS: readonly string[] = [LEASES_SCHEMA, ATTEMPTS_SCHEMA, LINE_SCHEMA];

export class Fleet extends DurableObject<Cloudflare.Env> {
  readonly #leases: Leases;
  readonly #attempts: Attempts;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#leases = new Leases(ctx.storage.sql);
    this.#attempts = new Attempts(ctx.storage.sql);
  }

  /**
   * A lease on a container. Where there are too many, an idle agent of the same user is put to sleep to make room; its work
   * is not lost by that. Agents of other users are never touched.
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

  /** Returns whether somebody has waited long who could have the lease. */
  renew(holder: string, userId: string, usedAt: number): boolean {
    return this.#leases.renew(holder, userId, usedAt);
  }

  release(holder: string): void {
    this.#leases.release(holder);
  }

  /** Made once, kept for ever: whoever has it can write tokens that look as if this deployment had. */
  signingSecret(): string {
    const kept = this.ctx.storage.kv.get<string>("signing_secret"); // written below
    if (kept !== undefined) return kept;
    const secret = newSecret();
    this.ctx.storage.kv.put("signing_secret", secret);
    return secret;
  }

  /** Counts an attempt, or returns the milliseconds until the next one is let through. */
  admit(kind: string, address: string, limits: AttemptLimits): number | null {
    return this.#attempts.admit(kind, address, limits);
  }

  forgive(kind: string, address: string): void {
    this.#attempts.forgive(kind, address);
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
