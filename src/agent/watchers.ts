// Who follows a turn right now. Each watcher has a byte stream of its own; a slow one misses progress lines, never the
// last one, and never holds up the turn.
import type { WatchLine } from "./types.ts";

type Controller = ReadableByteStreamController;

/** Progress lines that may wait for one watcher. */
const MAX_QUEUED_BYTES = 256 * 1024;

export class Watchers {
  readonly #byTurn = new Map<string, Set<Controller>>();
  readonly #encoder = new TextEncoder();

  /** A stream that begins with `past` and goes on until {@link finish}. */
  watch(turnId: string, past: readonly WatchLine[]): ReadableStream<Uint8Array> {
    let own: Controller;
    return new ReadableStream({
      type: "bytes",
      start: (controller) => {
        own = controller;
        this.#add(turnId, controller);
        for (const line of past) this.#send(controller, line);
      },
      cancel: () => this.#remove(turnId, own),
    });
  }

  /** A stream of `lines` and no more. */
  replay(lines: readonly WatchLine[]): ReadableStream<Uint8Array> {
    return new ReadableStream({
      type: "bytes",
      start: (controller) => {
        for (const line of lines) this.#send(controller, line);
        controller.close();
      },
    });
  }

  publish(turnId: string, line: WatchLine): void {
    for (const controller of this.#byTurn.get(turnId) ?? []) {
      if ((controller.desiredSize ?? 0) > -MAX_QUEUED_BYTES) this.#send(controller, line);
    }
  }

  finish(turnId: string, line: WatchLine): void {
    for (const controller of this.#byTurn.get(turnId) ?? []) {
      this.#send(controller, line);
      controller.close();
    }
    this.#byTurn.delete(turnId);
  }

  #add(turnId: string, controller: Controller): void {
    const controllers = this.#byTurn.get(turnId) ?? new Set();
    controllers.add(controller);
    this.#byTurn.set(turnId, controllers);
  }

  #remove(turnId: string, controller: Controller): void {
    const controllers = this.#byTurn.get(turnId);
    controllers?.delete(controller);
    if (controllers?.size === 0) this.#byTurn.delete(turnId);
  }

  #send(controller: Controller, line: WatchLine): void {
    controller.enqueue(this.#encoder.encode(`${JSON.stringify(line)}\n`));
  }
}
