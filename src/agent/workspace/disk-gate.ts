// Who may use the agent's disk outside of a turn. Those who only look go side by side; who changes something has the disk
// alone, in the order of the calls; who needs it to stay as it is keeps changes waiting, and lets others look.
import { AppError } from "../../errors.ts";

/** For the calls before it. They are short, save for an archive that somebody is slow to take or to send. */
const MAX_WAIT_MS = 30_000;

export class DiskGate {
  readonly #maxWaitMs: number;
  readonly #looks = new Set<Promise<unknown>>();
  #lastChange: Promise<unknown> = Promise.resolve();
  /** The last one of those for which changes wait, changes included. */
  #lastHold: Promise<unknown> = Promise.resolve();
  #users = 0;

  constructor(maxWaitMs: number = MAX_WAIT_MS) {
    this.#maxWaitMs = maxWaitMs;
  }

  /** Whether somebody uses the disk, or waits for it. */
  get isBusy(): boolean {
    return this.#users > 0;
  }

  /** Throws `busy` where it would wait for too long, like all of these; then nothing of `work` has happened or will. */
  look<T>(work: () => Promise<T>): Promise<T> {
    const looking = this.#after(this.#lastChange, work);
    const ended: Promise<unknown> = settled(looking).then(() => this.#looks.delete(ended));
    this.#looks.add(ended);
    return looking;
  }

  hold<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#lastHold;
    const holding = this.#after(before, work);
    // The one before as well: where this one did not wait for its end, the next one does.
    this.#lastHold = Promise.all([before, settled(holding)]);
    return holding;
  }

  change<T>(work: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#lastHold, ...this.#looks]);
    const changing = this.#after(before, work);
    this.#lastChange = Promise.all([before, settled(changing)]);
    this.#lastHold = this.#lastChange;
    return changing;
  }

  async #after<T>(before: Promise<unknown>, work: () => Promise<T>): Promise<T> {
    this.#users++;
    try {
      await this.#inTime(before);
      return await work();
    } finally {
      this.#users--;
    }
  }

  async #inTime(before: Promise<unknown>): Promise<void> {
    const message =
      "The files of this agent are in use by other calls. Nothing was done. Try again when these have ended.";
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new AppError("busy", message)), this.#maxWaitMs);
    await Promise.race([before, late.promise]).finally(() => clearTimeout(timer));
  }
}

async function settled(work: Promise<unknown>): Promise<void> {
  await work.catch(() => {});
}
