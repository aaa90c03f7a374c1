// The server-sent events of one response, in the order and shape of https://platform.openai.com/docs/api-reference/responses-streaming
import { once } from "node:events";
import type { ServerResponse } from "node:http";

export type StreamEvent = { type: string; [field: string]: unknown };
export type OutputItem = { id: string; type: string; [field: string]: unknown };

const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-codex-primary-used-percent": "12",
  "x-codex-primary-window-minutes": "300",
  "x-ratelimit-remaining-requests": "99",
};
const maxDeltas = 4;

export class EventStream {
  readonly #response: ServerResponse;
  readonly #model: string;
  readonly #inputTokens: number;
  readonly #id = `resp_${crypto.randomUUID()}`;
  readonly #output: OutputItem[] = [];
  #outputTokens = 0;
  #reasoningTokens = 0;
  #sequence = 0;

  constructor(response: ServerResponse, request: { model: string; bodyBytes: number }) {
    this.#response = response;
    this.#model = request.model;
    this.#inputTokens = Math.ceil(request.bodyBytes / 4);
  }

  get isOpen(): boolean {
    return this.#response.headersSent;
  }

  /** Sends the headers and `response.created`, once. */
  open(): void {
    if (this.isOpen) return;
    this.#response.writeHead(200, { ...headers, "x-request-id": this.#id.replace("resp", "req") });
    this.send({ type: "response.created", response: this.#describe("in_progress") });
  }

  send(event: StreamEvent): void {
    this.open();
    // Writing to a connection that is gone would raise an error event on the response.
    if (this.#response.destroyed) return;
    const data = JSON.stringify({ ...event, sequence_number: this.#sequence });
    this.#sequence += 1;
    this.#response.write(`event: ${event.type}\ndata: ${data}\n\n`);
  }

  /** Resolves when a client that is slow has taken what was written. */
  async drained(): Promise<void> {
    if (!this.#response.writableNeedDrain || this.#response.destroyed) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race(["drain", "close"].map((event) => once(this.#response, event, { signal })));
    waiting.abort();
  }

  message(text: string): void {
    this.#outputTokens += tokensOf(text);
    const message = { id: `msg_${crypto.randomUUID()}`, type: "message", role: "assistant", phase: "final_answer" };
    this.#announce({ ...message, status: "in_progress", content: [] });
    for (const delta of splitIntoDeltas(text)) this.#textDelta(message.id, delta);
    this.#finish({ ...message, status: "completed", content: [{ type: "output_text", text, annotations: [] }] });
  }

  /** A message that never ends. */
  beginMessage(text: string): void {
    const id = `msg_${crypto.randomUUID()}`;
    this.#announce({ id, type: "message", role: "assistant", status: "in_progress", content: [] });
    this.#textDelta(id, text);
  }

  reasoning(summary: string): void {
    this.#reasoningTokens += tokensOf(summary);
    const item = { id: `rs_${crypto.randomUUID()}`, type: "reasoning", encrypted_content: "ZmFrZQ==" };
    const part = { type: "summary_text", text: summary };
    const place = { item_id: item.id, output_index: this.#output.length, summary_index: 0 };
    this.#announce({ ...item, summary: [] });
    this.send({ type: "response.reasoning_summary_part.added", ...place, part: { ...part, text: "" } });
    this.send({ type: "response.reasoning_summary_text.delta", ...place, delta: summary });
    this.send({ type: "response.reasoning_summary_text.done", ...place, text: summary });
    this.send({ type: "response.reasoning_summary_part.done", ...place, part });
    this.#finish({ ...item, summary: [part] });
  }

  item(item: OutputItem): void {
    this.#outputTokens += tokensOf(JSON.stringify(item));
    this.#announce({ ...item, status: "in_progress" });
    this.#finish(item);
  }

  complete(): void {
    this.send({ type: "response.completed", response: { ...this.#describe("completed"), usage: this.#usage() } });
    this.end();
  }

  end(): void {
    this.#response.end();
  }

  #announce(item: OutputItem): void {
    this.send({ type: "response.output_item.added", output_index: this.#output.length, item });
  }

  #textDelta(itemId: string, delta: string): void {
    const place = { item_id: itemId, output_index: this.#output.length, content_index: 0 };
    this.send({ type: "response.output_text.delta", ...place, delta });
  }

  #finish(item: OutputItem): void {
    this.send({ type: "response.output_item.done", output_index: this.#output.length, item });
    this.#output.push(item);
  }

  #describe(status: string): object {
    return { id: this.#id, object: "response", status, model: this.#model, output: this.#output };
  }

  #usage(): object {
    const outputTokens = this.#outputTokens + this.#reasoningTokens;
    return {
      input_tokens: this.#inputTokens,
      input_tokens_details: { cached_tokens: Math.floor(this.#inputTokens / 2) },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: this.#reasoningTokens },
      total_tokens: this.#inputTokens + outputTokens,
    };
  }
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Never splits a surrogate pair: half of one is not valid in Codex's JSON parser. */
function splitIntoDeltas(text: string): string[] {
  const deltas: string[] = [];
  const size = Math.max(1, Math.ceil(text.length / maxDeltas));
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + size, text.length);
    if (/[\ud800-\udbff]/.test(text.charAt(end - 1))) end += 1;
    deltas.push(text.slice(start, end));
    start = end;
  }
  return deltas;
}
