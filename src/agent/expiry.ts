// When results are deleted: some time after their turns have settled, by a schedule that runs while there are any.
import type { Schedules } from "./schedules.ts";
import type { AgentStore } from "./store/store.ts";

const INTERVAL_S = 86_400;

export class Expiry {
  readonly #turns: AgentStore["turns"];
  readonly #ttlS: number;
  readonly #schedules: Schedules;
  #isPlanned = false;

  constructor(turns: AgentStore["turns"], ttlS: number, schedules: Schedules) {
    this.#turns = turns;
    this.#ttlS = ttlS;
    this.#schedules = schedules;
  }

  /** There is, or will be, something to delete one day. */
  async plan(): Promise<void> {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    if (!(await this.#schedules.isPlanned())) await this.#planNext();
  }

  /** Deletes what is due. */
  async run(): Promise<void> {
    const isSomeLeft = this.#turns.expire(Date.now() - this.#ttlS * 1_000);
    // Not by isPlanned: the run that is going on still counts as planned.
    this.#isPlanned = isSomeLeft;
    if (isSomeLeft) await this.#planNext();
  }

  async #planNext(): Promise<void> {
    await this.#schedules.plan(Math.min(INTERVAL_S, this.#ttlS));
  }
}
