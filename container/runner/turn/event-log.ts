// The numbered events of one turn: appended once, replayed from any number, followed by any number of readers.
import type { TurnEvent, TurnEventBody } from "../../protocol.ts";

type Settled = Extract<TurnEventBody, { type: "settled" }>;

export class EventLog {
  readonly #events: TurnEvent[] = [];
  readonly #wakeups = new Set<() => void>();
  readonly #now: () => number;
  #settled: Settled | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get settled(): Settled | undefined {
    return this.#settled;
  }

  get length(): number {
    return this.#events.length;
  }

  /** Appends after the last event. After `settled` nothing more is accepted: a late event of Codex is dropped. */
  append(body: TurnEventBody): void {
    if (this.#settled !== undefined) return;
    this.#events.push({ seq: this.#events.length + 1, at: this.#now(), body });
    if (body.type === "settled") this.#settled = body;
    for (const wake of this.#wakeups) wake();
    this.#wakeups.clear();
  }

  /** Events with a number above `after`. */
  since(after: number): readonly TurnEvent[] {
    return this.#events.slice(after);
  }

  /** Resolves when there is an event above `after`, or when `signal` aborts. */
  changed(after: number, signal: AbortSignal): Promise<void> {
    if (this.#events.length > after || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakeups.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wakeups.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
