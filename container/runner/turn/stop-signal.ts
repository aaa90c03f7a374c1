// Why and when a turn must end before its time: somebody cancelled it, or its deadline passed. The first reason stays.
export type StopReason = "cancelled" | "deadline";

export class StopSignal {
  readonly #fired = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout;
  #reason: StopReason | undefined;

  constructor(timeoutMs: number) {
    this.#timer = setTimeout(() => this.stop("deadline"), Math.min(timeoutMs, 2 ** 31 - 1));
  }

  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Resolves when the turn is told to stop; never rejects. */
  get fired(): Promise<void> {
    return this.#fired.promise;
  }

  stop(reason: StopReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.clear();
    this.#fired.resolve();
  }

  /** Takes the deadline back once the turn is over. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
