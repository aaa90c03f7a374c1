// A stand-in for the Anthropic API with just enough of it for Claude Code: its model calls one tool, once, and then says that it
// is done.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface FakeAnthropic {
  url: string;
  /** Names of the tools that the model was offered, of all requests. */
  offered: Set<string>;
  /** What the tool answered, as the model was told. */
  results: string[];
  close(): void;
}

export interface ToolUse {
  name: string;
  input: object;
}

interface MessagesRequest {
  model?: string;
  stream?: boolean;
  tools?: { name: string }[];
  messages?: { content: string | { type: string; content?: unknown }[] }[];
}

type Event = { type: string; [field: string]: unknown };

export async function startFakeAnthropic(use: ToolUse): Promise<FakeAnthropic> {
  const offered = new Set<string>();
  const results: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response, { use, offered, results }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, offered, results, close };
}

interface State {
  use: ToolUse;
  offered: Set<string>;
  results: string[];
}

async function answer(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const path = new URL(request.url ?? "/", "http://fake").pathname;
  if (request.method !== "POST" || path !== "/v1/messages") {
    request.resume();
    return sendJson(response, { input_tokens: 1, data: [] });
  }
  const body = (await json(request)) as MessagesRequest; // as Claude Code sends it
  for (const { name } of body.tools ?? []) state.offered.add(name);
  const last = body.messages?.at(-1)?.content;
  const result = Array.isArray(last) ? last.find(({ type }) => type === "tool_result") : undefined;
  if (result !== undefined) state.results.push(JSON.stringify(result.content));
  const isOffered = body.tools?.some(({ name }) => name === state.use.name) ?? false;
  const block = isOffered && result === undefined ? toolUse(state.use) : DONE;
  if (body.stream !== true) return sendJson(response, message(body.model, [{ type: "text", text: "FINISHED" }]));
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events(body.model, block)) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

interface Block {
  start: object;
  delta: object;
  stop_reason: "tool_use" | "end_turn";
}

const DONE: Block = {
  start: { type: "text", text: "" },
  delta: { type: "text_delta", text: "FINISHED" },
  stop_reason: "end_turn",
};

function toolUse({ name, input }: ToolUse): Block {
  return {
    start: { type: "tool_use", id: "toolu_1", name, input: {} },
    delta: { type: "input_json_delta", partial_json: JSON.stringify(input) },
    stop_reason: "tool_use",
  };
}

function events(model: string | undefined, { start, delta, stop_reason }: Block): Event[] {
  return [
    { type: "message_start", message: { ...message(model, []), stop_reason: null } },
    { type: "content_block_start", index: 0, content_block: start },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 1 } },
    { type: "message_stop" },
  ];
}

function message(model: string | undefined, content: object[]) {
  const usage = { input_tokens: 1, output_tokens: 1 };
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: "end_turn",
    stop_sequence: null,
    usage,
  };
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
