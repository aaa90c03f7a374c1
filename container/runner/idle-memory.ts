// Gives memory back once nobody has asked for anything in a while: an agent waits for most of its life. V8 by itself keeps what it
// has until there is pressure, of which an idle process makes none.

export interface IdleMemoryOptions {
  isTurnActive(): boolean;
  idleMs?: number;
  /** Frees what can be freed, compiled code included, which comes back with its next use. Takes some 20 ms. */
  collect?(): void;
}

const IDLE_MS = 10_000;

export class IdleMemory {
  readonly #timer: NodeJS.Timeout;

  constructor({ isTurnActive, idleMs = IDLE_MS, collect = collectAll }: IdleMemoryOptions) {
    this.#timer = setTimeout(() => {
      if (isTurnActive()) this.used();
      else collect();
    }, idleMs).unref();
  }

  /** The time begins anew. */
  used(): void {
    this.#timer.refresh();
  }
}

/** Needs `--expose-gc`: the runner's sources also run without it, and then keep what they have. */
function collectAll(): void {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}
