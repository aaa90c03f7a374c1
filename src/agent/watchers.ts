// Who follows the turns of an agent right now.
import { AppError } from "../errors.ts";
import type { TurnView, WatchLine } from "./types.ts";
import { encodeLines, type PastLines, Watcher } from "./watcher.ts";

/** More than look at one agent on purpose. Each may hold some 20 kB of the 128 MB that an isolate has. */
const MAX_WATCHERS = 1_000;

export class Watchers {
  readonly #byTurn = new Map<string, Set<Watcher>>();
  readonly #read: (turnId: string, after: number) => PastLines;
  #count = 0;

  /** `read` looks up what a watcher lacks. */
  constructor(read: (turnId: string, after: number) => PastLines) {
    this.#read = read;
  }

  /** A stream of the lines above number `after`, which goes on until {@link finish}. Throws `busy`. */
  watch(turnId: string, after: number): ReadableStream<Uint8Array> {
    if (this.#count >= MAX_WATCHERS) {
      const message = `${MAX_WATCHERS} calls wait for turns of this agent. Look with get_turn and wait_seconds 0.`;
      throw new AppError("busy", message);
    }
    const watcher = new Watcher(
      after,
      (position) => this.#read(turnId, position),
      () => this.#remove(turnId, watcher),
    );
    this.#byTurn.set(turnId, (this.#byTurn.get(turnId) ?? new Set()).add(watcher));
    this.#count++;
    return watcher.stream;
  }

  /** A stream of a turn that has settled. */
  replay(after: number, view: TurnView): ReadableStream<Uint8Array> {
    const watcher = new Watcher(
      after,
      (position) => this.#read(view.turn_id, position),
      () => {},
    );
    watcher.finish(encodeLines([{ type: "view", view }]));
    return watcher.stream;
  }

  /** The lines of one event, which is stored by now. */
  publish(turnId: string, seq: number, lines: readonly WatchLine[]): void {
    const watchers = this.#byTurn.get(turnId);
    if (watchers === undefined || lines.length === 0) return;
    const bytes = encodeLines(lines);
    for (const watcher of watchers) watcher.publish(bytes, seq);
  }

  finish(view: TurnView): void {
    const watchers = this.#byTurn.get(view.turn_id);
    if (watchers === undefined) return;
    const bytes = encodeLines([{ type: "view", view }]);
    for (const watcher of watchers) watcher.finish(bytes);
    this.#count -= watchers.size;
    this.#byTurn.delete(view.turn_id);
  }

  #remove(turnId: string, watcher: Watcher): void {
    const watchers = this.#byTurn.get(turnId);
    if (watchers?.delete(watcher) !== true) return;
    this.#count--;
    if (watchers.size === 0) this.#byTurn.delete(turnId);
  }
}
