// Learns from a model's answer, as it passes, how many tokens it took. Holds a few kilobytes at most, whatever the answer is.
import { UsageScanner } from "./usage-scanner.ts";

const [CR, LF, BRACE] = [0x0d, 0x0a, 0x7b];
const DATA = [...new TextEncoder().encode("data:")];
/** About what English and source code need. */
const BYTES_PER_TOKEN = 4;

/** Tokens of so many bytes of JSON, where nobody says how many they are. */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

export class UsageReader {
  readonly #scanner = new UsageScanner();
  /** Undefined before the first byte that tells: server-sent events, or one JSON text. */
  #form: "events" | "json" | undefined;
  #bytes = 0;
  /** Where in its line the next byte of an event stream is, up to the length of `data:`. */
  #column = 0;
  #isData = true;
  #isAfterCr = false;

  read(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    for (const byte of chunk) {
      if (this.#form === undefined && byte > 0x20) this.#form = byte === BRACE ? "json" : "events";
      if (this.#form === "json") this.#scanner.push(byte);
      else this.#readEvents(byte);
    }
  }

  /** What the answer says it took, its input too; null where it does not say. */
  get tokens(): number | null {
    return this.#scanner.tokens;
  }

  /**
   * An upper bound of the output of an answer that does not say what it took: one token for each byte of the model's text, which
   * is about four times as many as it has, for what the model thought and did not show.
   */
  get estimatedOutput(): number {
    return this.#form === "json" ? estimateTokens(this.#bytes) : this.#scanner.textBytes;
  }

  /** https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
  #readEvents(byte: number): void {
    if (byte === CR || byte === LF) {
      const isSecondHalf = byte === LF && this.#isAfterCr;
      this.#isAfterCr = byte === CR;
      if (!isSecondHalf) this.#endLine();
      return;
    }
    this.#isAfterCr = false;
    if (this.#column < DATA.length) {
      this.#isData &&= byte === DATA[this.#column];
      this.#column += 1;
    } else if (this.#isData) this.#scanner.push(byte);
  }

  #endLine(): void {
    // An empty line ends an event; the data of one may have several lines.
    if (this.#column === 0) this.#scanner.restart();
    this.#column = 0;
    this.#isData = true;
  }
}
