// The grace of a container that is to end: what is at work is finished and fetched first. The platform sends SIGTERM and waits
// for 15 minutes. https://developers.cloudflare.com/containers/platform-details/architecture/
import type { ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";

export interface DrainOptions {
  isTurnActive(): boolean;
  /** For how long nothing must have been asked: whoever followed a turn to its end comes back for the files. */
  quietMs?: number;
  now?(): number;
}

const QUIET_MS = 3_000;
const POLL_MS = 100;

export class Drain {
  readonly #options: DrainOptions;
  #isOn = false;
  #requests = 0;
  #busyAt = 0;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** From then on no new turn may begin. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Someone asks for something, until the response has gone. */
  track(response: ServerResponse): void {
    this.#requests++;
    response.once("close", () => {
      this.#requests--;
      this.#busyAt = this.#now();
    });
  }

  /** Resolves when nothing is at work any more, or after `limitMs`. */
  async untilQuiet(limitMs: number): Promise<void> {
    this.#isOn = true;
    const deadline = this.#now() + limitMs;
    while (this.#isBusy() && this.#now() < deadline) await setTimeout(POLL_MS);
  }

  #isBusy(): boolean {
    const { isTurnActive, quietMs = QUIET_MS } = this.#options;
    if (isTurnActive() || this.#requests > 0) this.#busyAt = this.#now();
    return this.#now() - this.#busyAt < quietMs;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
