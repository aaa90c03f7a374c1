// The agent's lease on its container: taken before the container starts, renewed while it is up, given back when it is down, and
// not kept for ever where others wait for one.
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
  /** Resolves to whether somebody has waited long for it. */
  renew(holder: string, userId: string, usedAt: number): Promise<boolean>;
  release(holder: string): Promise<void>;
}

export interface LeaseOptions {
  /** Asked for at each use: a stub that has failed stays broken. */
  fleet(): FleetLeases;
  /** Waits between attempts to get a lease, in ms. */
  retryMs?: readonly number[];
  holder: string;
  limits: { all: number; user: number };
  log: Logger;
  /** Whether the container is up, or about to be. */
  isNeeded(): boolean;
  /** Undefined for an agent that was never used. */
  userId(): string | undefined;
  lastUsedAt(): number;
  /** Lets the container sleep, unless a turn needs it. */
  makeRoom(): Promise<unknown>;
  now?(): number;
  /** Of {@link Lease.renew}. */
  schedules: Schedules;
}

const RENEW_S = 60;
/** Where others wait, a container that has been idle for so long sleeps; one that is used again at once stays warm. */
const IDLE_MS = 60_000;
/** Where others wait, an agent that always has work takes in more of it for so long. */
const SHARE_MS = 600_000;

const RETRY_MS = [50, 500];
const NO_ANSWER =
  "The server cannot tell how many containers are up, so none was started. Try again in a minute; the log has the reason.";

export class Lease {
  readonly #options: LeaseOptions;
  readonly #now: () => number;
  /** Since this object knows of it. */
  #heldSince: number;
  #isWanted = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#heldSince = this.#now();
  }

  /** Throws `busy` where it is for others to have a container now. What was taken in before is still done. */
  assertShare(): void {
    if (!this.#isShareUsed) return;
    throw new AppError(
      "busy",
      "Others have waited long for a container, and this agent has had one for 10 minutes. It takes no more turns until those it has are done. Try again in a minute.",
    );
  }

  /** Throws `busy`, and `container_unavailable` where the fleet does not answer. Whoever has one keeps it. */
  async acquire(userId: string): Promise<void> {
    const { limits, schedules } = this.#options;
    const answer = await this.#ask(userId);
    if (!answer.granted) throw busy(answer.full, limits);
    this.#heldSince = this.#now();
    this.#isWanted = false;
    if (!(await schedules.isPlanned())) await schedules.plan(RENEW_S);
  }

  /** Gives it back where the container is down by now. */
  async renew(): Promise<void> {
    const { fleet, holder, isNeeded, userId, lastUsedAt, makeRoom, schedules, log } = this.#options;
    const user = userId();
    if (!isNeeded() || user === undefined) return await this.release();
    await schedules.plan(RENEW_S);
    this.#isWanted = await fleet()
      .renew(holder, user, lastUsedAt())
      .catch((error: unknown) => {
        log.warn("lease not renewed", { error });
        return false;
      });
    const isIdle = this.#now() - lastUsedAt() >= IDLE_MS;
    if (this.#isWanted && (isIdle || this.#isShareUsed)) await makeRoom();
  }

  /**
   * Never rejects: a lease that is not given back ends by itself. The end of a container is told late: by then the next one
   * may be on its way, and needs it.
   */
  async release(): Promise<void> {
    const { fleet, holder, isNeeded, log } = this.#options;
    if (isNeeded()) return;
    this.#isWanted = false;
    await fleet()
      .release(holder)
      .catch((error: unknown) => log.warn("lease not given back", { error }));
  }

  /** More than once: a fleet that was lost in the middle, as by a deploy, is there again at once. */
  async #ask(userId: string): ReturnType<FleetLeases["acquire"]> {
    const { fleet, holder, limits, retryMs = RETRY_MS, log } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        return await fleet().acquire({ holder, user_id: userId, limits });
      } catch (cause) {
        const delayMs = retryMs[attempt];
        if (delayMs === undefined) throw new AppError("container_unavailable", NO_ANSWER, { cause });
        log.warn("no answer about a lease", { error: cause, attempt });
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  get #isShareUsed(): boolean {
    return this.#isWanted && this.#now() - this.#heldSince >= SHARE_MS;
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
