// Finds the token usage in the JSON of a model's answer as it passes, byte by byte: an answer may be megabytes long, and holds its
// usage as `usage` or `response.usage` at its end. https://platform.openai.com/docs/api-reference/responses/object
import * as z from "zod";

const Usage = z.object({
  total_tokens: z.number().int().nonnegative().optional(),
  input_tokens: z.number().int().nonnegative().optional(),
  output_tokens: z.number().int().nonnegative().optional(),
});

/** Keys of the outer object, and of the objects in it, are looked at; no deeper ones. */
const MAX_DEPTH = 2;
const MAX_KEY_CHARS = 16;
const MAX_USAGE_BYTES = 4_096;
const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];

export class UsageScanner {
  /** All tokens that the answer says it took; null while it has not said so. */
  tokens: number | null = null;
  /** Of the model's own text, as far as it came piece by piece (`delta`). */
  textBytes = 0;
  #depth = 0;
  #isString = false;
  #isEscaped = false;
  #isKey = false;
  #key = "";
  /** By depth: the key whose value comes, whether the container is an object, and whether a key comes next. */
  readonly #keys: string[] = [];
  readonly #isObject: boolean[] = [];
  readonly #expectsKey: boolean[] = [];
  #found: { bytes: number[]; depth: number } | null = null;

  /** Another JSON text begins. What was found stays. */
  restart(): void {
    this.#depth = 0;
    this.#isString = false;
    this.#isEscaped = false;
    this.#isKey = false;
    this.#found = null;
  }

  push(byte: number): void {
    this.#keep(byte);
    if (this.#isString) this.#inString(byte);
    else this.#outside(byte);
  }

  #inString(byte: number): void {
    if (!this.#isEscaped && byte === QUOTE) {
      this.#isString = false;
      if (this.#isKey) this.#keys[this.#depth] = this.#key;
      return;
    }
    this.#isEscaped = !this.#isEscaped && byte === BACKSLASH;
    if (this.#isKey) {
      if (this.#key.length <= MAX_KEY_CHARS) this.#key += String.fromCharCode(byte);
    } else if (this.#depth === 1 && this.#keys[1] === "delta") {
      this.textBytes += 1;
    }
  }

  #outside(byte: number): void {
    if (byte === QUOTE) this.#openString();
    else if (byte === OBJECT || byte === LIST) this.#open(byte);
    else if (byte === OBJECT_END || byte === LIST_END) this.#close();
    else if (this.#depth > MAX_DEPTH) return;
    else if (byte === COLON) this.#expectsKey[this.#depth] = false;
    else if (byte === COMMA) this.#expectsKey[this.#depth] = this.#isObject[this.#depth] === true;
  }

  #openString(): void {
    this.#isString = true;
    this.#isKey = this.#depth <= MAX_DEPTH && this.#expectsKey[this.#depth] === true;
    this.#key = "";
  }

  #open(byte: number): void {
    if (byte === OBJECT && this.#isUsage()) this.#found = { bytes: [byte], depth: this.#depth };
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) return;
    this.#keys[this.#depth] = "";
    this.#isObject[this.#depth] = byte === OBJECT;
    this.#expectsKey[this.#depth] = byte === OBJECT;
  }

  #close(): void {
    this.#depth = Math.max(0, this.#depth - 1);
    if (this.#found?.depth !== this.#depth) return;
    this.tokens = readTokens(this.#found.bytes) ?? this.tokens;
    this.#found = null;
  }

  #isUsage(): boolean {
    if (this.#depth === 1) return this.#keys[1] === "usage";
    return this.#depth === 2 && this.#keys[1] === "response" && this.#keys[2] === "usage";
  }

  #keep(byte: number): void {
    if (this.#found === null) return;
    if (this.#found.bytes.push(byte) > MAX_USAGE_BYTES) this.#found = null;
  }
}

function readTokens(bytes: number[]): number | null {
  const usage = Usage.safeParse(parseJson(new TextDecoder().decode(new Uint8Array(bytes)))).data;
  if (usage === undefined) return null;
  const { total_tokens, input_tokens, output_tokens } = usage;
  if (total_tokens !== undefined) return total_tokens;
  return input_tokens === undefined && output_tokens === undefined ? null : (input_tokens ?? 0) + (output_tokens ?? 0);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
