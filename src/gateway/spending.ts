// The tokens of one model request: asked for before it goes out, and told to the user's directory when its answer has passed.
import { waitUntil } from "cloudflare:workers";
import type { Logger } from "../../container/lib/log.ts";
import { newId } from "../lib/ids.ts";
import type { SpentBudget } from "../lib/token-budget.ts";
import type { KnownAgent } from "./agent-token.ts";
import { estimateTokens, UsageReader } from "./usage-reader.ts";

type Directory = ReturnType<Cloudflare.Env["DIRECTORY"]["getByName"]>;

const RETRY_MS = [100, 1_000];

export class Spending {
  /** The request's body, to be sent. */
  readonly body: ReadableStream<Uint8Array> | null;
  readonly #directory: Directory;
  readonly #turnId: string | null;
  readonly #log: Logger;
  readonly #id = newId("req", Date.now());
  #requestBytes: number;
  #isCounted = false;

  constructor(request: Request, { userId, turnId }: KnownAgent, { DIRECTORY }: Cloudflare.Env, log: Logger) {
    this.#directory = DIRECTORY.getByName(userId);
    this.#turnId = turnId;
    this.#log = log;
    const length = request.headers.get("content-length") ?? "";
    const isKnown = /^\d{1,15}$/.test(length);
    this.#requestBytes = isKnown ? Number(length) : 0;
    this.body = isKnown ? request.body : this.#measured(request.body);
  }

  /** What is spent where the request may not go out; null where it may. */
  async admit(): Promise<SpentBudget | null> {
    return await this.#directory.admitModelRequest(this.#request(this.#estimate));
  }

  /** The answer, unchanged and as it comes; what it took is told once it has said so, or is over. */
  metered(answer: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const usage = new UsageReader();
    const source = answer.getReader();
    const end = () => this.count(usage.tokens ?? this.#estimate + usage.estimatedOutput);
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await source.read();
            if (value !== undefined) usage.read(value);
            if (done || usage.tokens !== null) end();
            if (done) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            end();
            controller.error(error);
          }
        },
        cancel: async (reason) => {
          end();
          await source.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** The model has not answered, and takes nothing for it; or the agent went away before it could. */
  unanswered(isAborted: boolean): void {
    this.count(isAborted ? this.#estimate : 0);
  }

  count(tokens: number): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    waitUntil(this.#tell(tokens));
  }

  get #estimate(): number {
    return estimateTokens(this.#requestBytes);
  }

  #request(tokens: number) {
    return { id: this.#id, turn_id: this.#turnId, tokens };
  }

  /** Never rejects. What could not be told stays as it was estimated. */
  async #tell(tokens: number): Promise<void> {
    for (const delay of [...RETRY_MS, null]) {
      try {
        return await this.#directory.countModelRequest(this.#request(tokens));
      } catch (error) {
        this.#log.warn("tokens not counted", { error, tokens, retried: delay !== null });
        if (delay === null) return;
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  }

  #measured(body: ReadableStream<Uint8Array> | null): ReadableStream<Uint8Array> | null {
    if (body === null) return null;
    const measure = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.#requestBytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    });
    return body.pipeThrough(measure);
  }
}
