// Server side of the HTTP+SSE transport of 2024-11-05: one event stream to the client, messages from it by POST.
// https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
import type { AuthInfo, JSONRPCMessage, MessageExtraInfo, Transport } from "@modelcontextprotocol/server";
import { KEEPALIVE_MS } from "./limits.ts";

/** What may wait for a client that does not read. It asked for all of it, so that much is its own doing. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

export class SseTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage, extra?: MessageExtraInfo) => void;
  /** Ends when the transport is closed, and closes it when the client leaves. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #controller: ReadableByteStreamController | undefined;
  readonly #keepalive = setInterval(() => this.#write(": keepalive\n\n"), KEEPALIVE_MS);

  /** @param endpoint Where the client is to POST its messages: a path of this origin. */
  constructor(endpoint: string) {
    this.stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
        this.#write(`event: endpoint\ndata: ${endpoint}\n\n`);
      },
      cancel: () => this.#closed(),
    });
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  receive(message: JSONRPCMessage, authInfo: AuthInfo): void {
    this.onmessage?.(message, { authInfo });
  }

  async close(): Promise<void> {
    this.#controller?.close();
    this.#closed();
  }

  #write(text: string): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    controller.enqueue(this.#encoder.encode(text));
    if ((controller.desiredSize ?? 0) >= -MAX_QUEUED_BYTES) return;
    controller.error(new Error("the client does not read"));
    this.#closed();
  }

  #closed(): void {
    if (this.#controller === undefined) return;
    this.#controller = undefined;
    clearInterval(this.#keepalive);
    this.onclose?.();
  }
}
