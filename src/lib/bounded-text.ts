// A text that is put together from parts and has a limit: above it the middle is left out, and not even kept in memory.

export class BoundedText {
  readonly #half: number;
  #head = "";
  #tail: string[] = [];
  #tailChars = 0;
  #chars = 0;

  /** In UTF-16 code units. */
  constructor(maxChars: number) {
    this.#half = Math.floor(maxChars / 2);
  }

  add(text: string): void {
    this.#chars += text.length;
    const room = this.#half - this.#head.length;
    if (room > 0) this.#head += text.slice(0, room);
    const rest = text.slice(Math.max(0, room));
    if (rest === "") return;
    this.#tail.push(rest);
    this.#tailChars += rest.length;
    while (this.#tailChars - (this.#tail[0]?.length ?? 0) >= this.#half) {
      this.#tailChars -= this.#tail.shift()?.length ?? 0;
    }
  }

  toString(): string {
    const left = this.#chars - 2 * this.#half;
    if (left <= 0) return this.#head + this.#tail.join("");
    return `${this.#head}\n\n[${left} characters are left out]\n\n${this.#tail.join("").slice(-this.#half)}`;
  }
}
