// Runs the turns of one agent, one at a time, in the order in which they were accepted.
import type { Logger } from "../../container/lib/log.ts";
import type { AgentStore } from "./store/store.ts";

export interface TurnQueueOptions {
  store: AgentStore;
  /** Resolves when that turn has settled. Never rejects. */
  run(turnId: string): Promise<void>;
  onSettled(turnId: string): void;
  /** Before the next turn. Never rejects. */
  afterTurn(): Promise<void>;
  log: Logger;
}

export class TurnQueue {
  readonly #options: TurnQueueOptions;
  #draining: Promise<void> | undefined;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#draining !== undefined;
  }

  /** Works until no open turn is left. A call while it works changes nothing. The promise never rejects. */
  drain(): Promise<void> {
    this.#draining ??= this.#work().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** Does something that no turn may run beside; turns that come meanwhile wait. Undefined where a turn is at work. */
  alone<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.isBusy || this.#options.store.turns.firstOpen() !== undefined) return undefined;
    const working = work();
    this.#draining = working
      .then(
        () => this.#work(),
        () => this.#work(),
      )
      .finally(() => {
        this.#draining = undefined;
      });
    return working;
  }

  async #work(): Promise<void> {
    const { store, run, onSettled, afterTurn, log } = this.#options;
    for (let turn = store.turns.firstOpen(); turn !== undefined; turn = store.turns.firstOpen()) {
      const { id } = turn;
      await run(id);
      if (store.turns.find(id)?.settled_at === null) {
        // Settling is the runner's duty; without it this loop would never get past the turn.
        log.error("a turn ended without being settled", { turn_id: id });
        return;
      }
      onSettled(id);
      await afterTurn();
    }
  }
}
