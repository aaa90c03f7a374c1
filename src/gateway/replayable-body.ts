// The body of a request that may have to be sent twice: a ChatGPT login that is refused is renewed, and Codex need not notice. What
// has gone out is kept until the answer is there, up to a limit; a longer body goes out once only, as it comes.

export class ReplayableBody {
  readonly #source: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #maxBytes: number;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #isKeeping = true;
  #reading: Promise<Uint8Array | null> | undefined;

  constructor(source: ReadableStream<Uint8Array> | null, maxBytes: number) {
    this.#source = source?.getReader();
    this.#maxBytes = maxBytes;
  }

  /** False once it has become too long, or {@link forget} was called. */
  get isReplayable(): boolean {
    return this.#isKeeping;
  }

  /** The beginning, as far as it came in one piece. */
  async head(): Promise<string> {
    const first = await this.#piece(0);
    return new TextDecoder().decode(first?.subarray(0, 512));
  }

  /** From the beginning on, while {@link isReplayable}. An earlier stream must not be read any more. */
  stream(): ReadableStream<Uint8Array> {
    let position = 0;
    // What is there already stays available to this stream, also after `forget`.
    const kept = [...this.#kept];
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const piece = kept[position] ?? (await this.#piece(position));
          position += 1;
          if (piece === null) controller.close();
          else controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** The answer is there: nothing is kept any more. */
  forget(): void {
    this.#isKeeping = false;
    this.#kept = [];
  }

  /** Null at the end. Two streams that wait for the same piece both get it. */
  async #piece(position: number): Promise<Uint8Array | null> {
    const kept = this.#kept[position];
    if (kept !== undefined) return kept;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<Uint8Array | null> {
    const { done = true, value } = (await this.#source?.read()) ?? {};
    if (done || value === undefined) return null;
    if (!this.#isKeeping) return value;
    this.#kept.push(value);
    this.#keptBytes += value.byteLength;
    if (this.#keptBytes > this.#maxBytes) this.forget();
    return value;
  }
}
