// The one fake of this project: it stands in for https://api.openai.com/v1, so that the real Codex CLI works offline.
// script.ts says how a prompt decides what is answered.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readConversation } from "./conversation.ts";
import { sendError, sendJson } from "./http-answers.ts";
import { addToLog, findByPrompt, type RecordedRequest } from "./request-log.ts";
import { respond } from "./responses-endpoint.ts";

export type FakeModelOptions = {
  /** 0, the default, takes a free port. */
  port?: number;
  /** 127.0.0.1 by default. */
  host?: string;
  /** Requests without it as their bearer token get a 401. */
  apiKey?: string;
  /** Thinking time before each answer, for benchmarks. */
  latencyMs?: number;
};

export type FakeModel = {
  /** Ends in /v1. */
  url: string;
  requests: RecordedRequest[];
  /** Forgets requests and attempts, those of other tests too. */
  reset: () => void;
  close: () => Promise<void>;
};

type State = { requests: RecordedRequest[]; attempts: Map<string, number>; options: FakeModelOptions };

/**
 * Other processes have the log over HTTP: `GET /__requests[?contains=TEXT]`, where TEXT is
 * looked for in the prompts, and `POST /__reset`.
 */
export async function startFakeModel(options: FakeModelOptions = {}): Promise<FakeModel> {
  const state: State = { requests: [], attempts: new Map(), options };
  // Clients keep idle connections; one that closes just as it is used again would look like a failure of the model.
  const sockets = { noDelay: true, keepAlive: true, keepAliveTimeout: 600_000 };
  const server = createServer(sockets, (request, response) => {
    serve(request, response, state).catch(() => response.destroy());
  });
  const host = options.host ?? "127.0.0.1";
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: `http://${host}:${port}/v1`,
    requests: state.requests,
    reset: () => reset(state),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const url = new URL(request.url ?? "/", "http://fake");
  if (url.pathname === "/__requests") {
    return sendJson(response, 200, findByPrompt(state.requests, url.searchParams.get("contains") ?? ""));
  }
  if (url.pathname === "/__reset") {
    reset(state);
    return sendJson(response, 200, {});
  }
  await serveApi(request, response, state);
}

async function serveApi(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const { method = "", url: path = "", headers } = request;
  const { apiKey, latencyMs = 0 } = state.options;
  const receivedAt = Date.now();
  const bytes = await readBody(request);
  const body = parseBody(bytes.toString());
  const conversation = readConversation(body);
  const { model, promptText } = conversation;
  const recorded = { method, path, headers, body, receivedAt, model, promptText, connectionClosed: false };
  addToLog(state.requests, recorded);
  if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) {
    return sendError(response, 401, { code: "invalid_api_key", message: "Incorrect API key provided." });
  }
  if (method !== "POST" || path !== "/v1/responses") {
    return sendError(response, 404, { code: "unknown_url", message: `Invalid URL (${method} ${path})` });
  }
  const onClientGone = () => {
    recorded.connectionClosed = true;
  };
  await respond(response, { conversation, bodyBytes: bytes.length, latencyMs, attempts: state.attempts, onClientGone });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reset({ requests, attempts }: State): void {
  requests.length = 0;
  attempts.clear();
}
