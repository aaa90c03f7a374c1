// JSON-RPC over the stdio of `codex app-server`: one JSON object a line, without the "jsonrpc" member.
import type { Readable, Writable } from "node:stream";
import * as z from "zod";
import { eachLine } from "../../lib/each-line.ts";

export type RpcId = string | number;

export interface RpcPeer {
  /** A notification from Codex. */
  onNotification(method: string, params: unknown): void;
  /** A request from Codex; what it resolves to is the result, a rejection becomes a JSON-RPC error. */
  onRequest(method: string, params: unknown): Promise<unknown>;
}

/** Codex answered a request with an error. `message` is Codex's own text. */
export class RpcError extends Error {
  override name = "RpcError";
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The other end is gone: the request was perhaps carried out, perhaps not. */
export class RpcClosedError extends Error {
  override name = "RpcClosedError";
}

const Incoming = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});
type Incoming = z.infer<typeof Incoming>;

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class RpcConnection {
  readonly #input: Writable;
  readonly #peer: RpcPeer;
  readonly #pending = new Map<RpcId, Pending>();
  #nextId = 1;
  #closed = false;

  constructor(output: Readable, input: Writable, peer: RpcPeer) {
    this.#input = input;
    this.#peer = peer;
    // A write to a dead process fails here; the loss itself is noticed by whoever watches the process.
    input.on("error", () => this.close());
    eachLine(
      output,
      (line) => this.#receive(line),
      () => this.close(),
    );
  }

  /** Resolves to Codex's result, unparsed. Rejects with {@link RpcError} or {@link RpcClosedError}. */
  request(method: string, params: unknown): Promise<unknown> {
    if (this.#closed) return Promise.reject(new RpcClosedError(`codex app-server is gone; ${method} was not sent`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  notify(method: string, params?: unknown): void {
    if (!this.#closed) this.#send(params === undefined ? { method } : { method, params });
  }

  /** Rejects everything that still waits. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject } of this.#pending.values()) reject(new RpcClosedError("codex app-server is gone"));
    this.#pending.clear();
  }

  #send(message: object): void {
    this.#input.write(`${JSON.stringify(message, wellFormed)}\n`);
  }

  #receive(line: string): void {
    const message = parseLine(line);
    if (message === undefined) return;
    if (message.method !== undefined && message.id !== undefined)
      void this.#answer(message.id, message.method, message.params);
    else if (message.method !== undefined) this.#peer.onNotification(message.method, message.params);
    else if (message.id !== undefined) this.#settle(message.id, message);
  }

  #settle(id: RpcId, message: Incoming): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (message.error) pending?.reject(new RpcError(message.error.code, message.error.message));
    else pending?.resolve(message.result);
  }

  async #answer(id: RpcId, method: string, params: unknown): Promise<void> {
    try {
      const result = await this.#peer.onRequest(method, params);
      if (!this.#closed) this.#send({ id, result });
    } catch (error) {
      const message = error instanceof Error ? error.message : "request refused";
      if (!this.#closed) this.#send({ id, error: { code: -32000, message } });
    }
  }
}

/** Half a surrogate pair is valid JSON to JavaScript and none to Codex, which drops the whole message without an answer. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}

/** Anything on stdout that is not a message (a stray print) is dropped: it must never end the agent. */
function parseLine(line: string): Incoming | undefined {
  try {
    return Incoming.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
