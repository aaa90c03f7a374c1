// The agent's lease on its container: taken before the container starts, renewed while it is up, given back when it is down.
import type { Logger } from "../../container/lib/log.ts";
import { AppError } from "../errors.ts";
import type { Schedules } from "./schedules.ts";

/** What it needs of the fleet. */
export interface FleetLeases {
  acquire(request: {
    holder: string;
    user_id: string;
    limits: { all: number; user: number };
  }): Promise<{ granted: true } | { granted: false; full: "all" | "user" }>;
  renew(holder: string, userId: string, usedAt: number): Promise<void>;
  release(holder: string): Promise<void>;
}

export interface LeaseOptions {
  fleet: FleetLeases;
  holder: string;
  limits: { all: number; user: number };
  log: Logger;
  /** Whether the container is up, or about to be. */
  isNeeded(): boolean;
  /** Undefined for an agent that was never used. */
  userId(): string | undefined;
  lastUsedAt(): number;
  /** Of {@link Lease.renew}. */
  schedules: Schedules;
}

const RENEW_S = 60;

export class Lease {
  readonly #options: LeaseOptions;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Throws `busy`. Whoever has one keeps it. */
  async acquire(userId: string): Promise<void> {
    const { fleet, holder, limits, schedules } = this.#options;
    const answer = await fleet.acquire({ holder, user_id: userId, limits });
    if (!answer.granted) throw busy(answer.full, limits);
    if (!(await schedules.isPlanned())) await schedules.plan(RENEW_S);
  }

  /** Gives it back where the container is down by now. */
  async renew(): Promise<void> {
    const { fleet, holder, isNeeded, userId, lastUsedAt, schedules, log } = this.#options;
    const user = userId();
    if (!isNeeded() || user === undefined) return await this.release();
    await schedules.plan(RENEW_S);
    await fleet.renew(holder, user, lastUsedAt()).catch((error: unknown) => log.warn("lease not renewed", { error }));
  }

  /**
   * Never rejects: a lease that is not given back ends by itself. The end of a container is told late: by then the next one
   * may be on its way, and needs it.
   */
  async release(): Promise<void> {
    const { fleet, holder, isNeeded, log } = this.#options;
    if (isNeeded()) return;
    await fleet.release(holder).catch((error: unknown) => log.warn("lease not given back", { error }));
  }
}

function busy(full: "all" | "user", limits: LeaseOptions["limits"]): AppError {
  const [who, setting, most] =
    full === "user"
      ? ["You have", "MAX_SESSIONS_PER_USER", limits.user]
      : ["This server has", "MAX_CONCURRENT_SESSIONS", limits.all];
  const message = `${who} as many agents at work as may be at once (${setting}: ${most}). Nothing was started. Try again in a minute, or end a turn with cancel_turn.`;
  return new AppError("busy", message);
}
