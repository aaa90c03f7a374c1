// Tells the user's directory how the agent stands. Nobody waits for it: a report that is lost is made good by the next one,
// since each holds the whole state. One is on its way at a time, and changes meanwhile are told by one more.
import type { Logger } from "../../container/lib/log.ts";
import type { AgentReport, AgentState } from "../lib/agent-report.ts";

export interface ReporterOptions {
  /** The state as it is now; undefined where there is nothing to tell. */
  read(): AgentState | undefined;
  /** Returns the highest number that the directory knows of this agent. */
  send(report: AgentReport): Promise<number>;
  waitUntil(promise: Promise<void>): void;
  log: Logger;
  /** Waits between attempts, in ms. */
  retryMs?: readonly number[];
  now?(): number;
}

const RETRY_MS = [500, 3_000];
/** The first change is told at once; those that follow it so closely are told together. */
const QUIET_MS = 50;

export class Reporter {
  readonly #options: ReporterOptions;
  #isSending = false;
  #isOutdated = false;
  #last = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** The state may have changed. Returns at once. */
  changed(): void {
    this.#isOutdated = true;
    if (this.#isSending) return;
    this.#isSending = true;
    const sending = this.#sendAll().finally(() => {
      this.#isSending = false;
    });
    this.#options.waitUntil(sending);
  }

  /**
   * Above all numbers before it. The clock sees to that across isolates and deletions without a write for each report; where
   * it was set back, the directory's answer does.
   */
  nextNumber(): number {
    const { now = Date.now } = this.#options;
    this.#last = Math.max(now(), this.#last + 1);
    return this.#last;
  }

  async #sendAll(): Promise<void> {
    const { log, retryMs = RETRY_MS } = this.#options;
    for (let failures = 0; this.#isOutdated; ) {
      this.#isOutdated = false;
      try {
        await this.#sendOne();
        failures = 0;
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      } catch (error) {
        const delay = retryMs[failures++];
        log.warn("the directory did not take a report", { error, retried: delay !== undefined });
        if (delay === undefined) return;
        await new Promise((resolve) => setTimeout(resolve, delay));
        this.#isOutdated = true;
      }
    }
  }

  async #sendOne(): Promise<void> {
    const { read, send } = this.#options;
    const state = read();
    if (state === undefined) return;
    const number = this.nextNumber();
    const known = await send({ ...state, number });
    if (known <= number) return;
    // The directory knows a later one, which this agent has forgotten: it goes on from there.
    this.#last = known;
    this.#isOutdated = true;
  }
}
