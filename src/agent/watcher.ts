// One watcher of a turn: a byte stream of lines. What is new is pushed while the watcher keeps up; one that is slow, or comes
// late, reads what it lacks from what is stored, at its own speed. So each costs a few kilobytes, and misses nothing.
import type { WatchLine } from "./types.ts";

/** Some lines above a number. `last` is the number up to which these are all; `isAll`: nothing more is stored. */
export interface PastLines {
  lines: WatchLine[];
  last: number;
  isAll: boolean;
}

/** New lines that may wait for one watcher, and as much of the end is handed over at once. */
const MAX_QUEUED_BYTES = 16 * 1024;

export class Watcher {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #read: (after: number) => PastLines;
  #controller!: ReadableByteStreamController; // set by start(), which the stream's constructor calls
  #position: number;
  #isBehind = true;
  /** The last line, which all watchers of the turn share. */
  #end: Uint8Array | undefined;
  #endSent = 0;

  constructor(after: number, read: (after: number) => PastLines, onLeave: () => void) {
    this.#position = after;
    this.#read = read;
    this.stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: onLeave,
    });
  }

  /** Lines of the event with that number. */
  publish(lines: Uint8Array, seq: number): void {
    if (this.#isBehind) return;
    if (this.#queuedBytes >= MAX_QUEUED_BYTES) {
      this.#isBehind = true;
      return;
    }
    this.#position = seq;
    // A copy: the stream takes the bytes over.
    this.#controller.enqueue(lines.slice());
  }

  /** The stream ends with these bytes, once its reader has had all that comes before. */
  finish(end: Uint8Array): void {
    this.#end = end;
    if (!this.#isBehind && this.#queuedBytes === 0) this.#sendEnd(end);
  }

  get #queuedBytes(): number {
    return -(this.#controller.desiredSize ?? 0);
  }

  /** Called when the reader wants more and nothing is queued. */
  #pull(): void {
    if (this.#isBehind) {
      const { lines, last, isAll } = this.#read(this.#position);
      this.#position = last;
      this.#isBehind = !isAll;
      if (lines.length > 0) {
        this.#controller.enqueue(encodeLines(lines));
        return;
      }
    }
    if (this.#end !== undefined) this.#sendEnd(this.#end);
  }

  #sendEnd(end: Uint8Array): void {
    const piece = end.slice(this.#endSent, this.#endSent + MAX_QUEUED_BYTES);
    this.#endSent += piece.length;
    this.#controller.enqueue(piece);
    if (this.#endSent === end.length) this.#controller.close();
  }
}

export function encodeLines(lines: readonly WatchLine[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
