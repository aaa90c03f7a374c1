// Hosts that a turn's commands asked for and did not get. They come one by one, while the turn is at work.
import { visible } from "../../lib/visible.ts";
import { Documents } from "./documents.ts";

/** More than these are counted no further: a program may make up names without end. */
export const MAX_DENIED_HOSTS = 50;
const MAX_NAME_CHARS = 280;
const KIND = "denied_hosts";

export class Denials {
  readonly #documents: Documents;

  constructor(sql: SqlStorage) {
    this.#documents = new Documents(sql);
  }

  /** `name` is kept once. Returns whether it was news. */
  add(turnId: string, name: string): boolean {
    const names = this.#read(turnId);
    const shown = visible(name).slice(0, MAX_NAME_CHARS);
    if (names.length > MAX_DENIED_HOSTS || names.includes(shown)) return false;
    this.#documents.put(turnId, KIND, JSON.stringify([...names, shown]));
    return true;
  }

  /** In the order in which they came first. */
  list(turnId: string): string[] {
    return this.#read(turnId).slice(0, MAX_DENIED_HOSTS);
  }

  isCut(turnId: string): boolean {
    return this.#read(turnId).length > MAX_DENIED_HOSTS;
  }

  #read(turnId: string): string[] {
    return JSON.parse(this.#documents.get(turnId, KIND) ?? "[]"); // written by add() as this type
  }
}
