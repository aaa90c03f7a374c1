// What passed between Worker and runners: the truth that everything else is held against.
import { TurnEvent } from "../../container/protocol.ts";
import type { Point } from "./points.ts";

export class Trace {
  /** Ids under which turns with that tag were given to a runner; the tags in the order of the first time. */
  readonly turnsOf = new Map<string, Set<string>>();
  /** What went wrong on the way itself. */
  readonly problems: string[] = [];
  /** For people: what happened when. */
  readonly notes: string[] = [];
  readonly #startedAt = Date.now();
  readonly #tags = new Map<string, string>();
  readonly #objects = new Map<number, string>();
  readonly #events = new Map<string, Map<number, TurnEvent>>();

  note(text: string): void {
    this.notes.push(`${String(Date.now() - this.#startedAt).padStart(6)} ms  ${text}`);
  }

  add(point: Point): void {
    if (point.type === "started") this.#objects.set(point.port, point.object);
    if (point.type === "call" && point.turn !== undefined) this.#addTurn(point.turn);
    if (point.type === "call" && point.when === "before") {
      this.note(`${point.method} ${shorten(point.path)} ${this.#tags.get(point.turn?.id ?? "") ?? ""}`);
    }
    if (point.type === "line") this.#addLine(point.turn_id, point.line);
  }

  tagOf(turnId: string): string | undefined {
    return this.#tags.get(turnId);
  }

  /** The agent's object that a runner at this port belongs to. */
  objectAt(port: number): string | undefined {
    return this.#objects.get(port);
  }

  /** All that the runner said of the turn, by number. */
  eventsOf(turnId: string): TurnEvent[] {
    return [...(this.#events.get(turnId)?.values() ?? [])].sort((a, b) => a.seq - b.seq);
  }

  #addTurn({ id, prompt }: { id: string; prompt: string }): void {
    const tag = /\(#([\w-]+)\)/.exec(prompt)?.[1];
    if (tag === undefined) return;
    this.#tags.set(id, tag);
    this.turnsOf.set(tag, (this.turnsOf.get(tag) ?? new Set()).add(id));
  }

  #addLine(turnId: string, line: string): void {
    const event = TurnEvent.parse(JSON.parse(line));
    const events = this.#events.get(turnId) ?? new Map<number, TurnEvent>();
    this.#events.set(turnId, events);
    const before = events.get(event.seq);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(event)) {
      this.problems.push(`event ${event.seq} of ${this.tagOf(turnId)} is another one on its second way`);
    }
    events.set(event.seq, event);
    const status = event.body.type === "settled" ? ` ${event.body.status}` : "";
    this.note(`${this.tagOf(turnId)} event ${event.seq} ${event.body.type}${status}`);
  }
}

function shorten(path: string): string {
  return path.replace(/[0-9a-f]{64}/, (id) => id.slice(0, 8));
}
