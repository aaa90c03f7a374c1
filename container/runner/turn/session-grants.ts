// What a person has accepted for the rest of this runner's life: exact commands in a directory, and exact sets of files.

/** `key` is never the same for two things; `text` is for people to read, and may be. */
export interface Grant {
  key: string;
  text: string;
}

export class SessionGrants {
  readonly #texts = new Map<string, string>();

  add({ key, text }: Grant): void {
    this.#texts.set(key, text);
  }

  has({ key }: Grant): boolean {
    return this.#texts.has(key);
  }

  /** Each as it was shown when it was accepted. */
  list(): string[] {
    return [...this.#texts.values()];
  }

  /** Takes all of them back. Returns what they were. */
  clear(): string[] {
    const texts = this.list();
    this.#texts.clear();
    return texts;
  }
}
