// What a person has accepted for the rest of this runner's life: exact commands in a directory, and exact sets of files.
export class SessionGrants {
  readonly #keys = new Set<string>();

  add(key: string): void {
    this.#keys.add(key);
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Each as it was shown when it was accepted. */
  list(): string[] {
    return [...this.#keys];
  }

  /** Takes all of them back. Returns what they were. */
  clear(): string[] {
    const keys = this.list();
    this.#keys.clear();
    return keys;
  }
}
