// Tool calls as they go over the wire, in each way a client has. Nothing of a client library is in between: one of them drops
// progress that comes together with the result.
import * as z from "zod";
import type { Transport } from "./plan.ts";

export interface Server {
  url: string;
  token: string;
}

export interface Call {
  by: Transport;
  name: string;
  parameters: Record<string, unknown>;
  signal?: AbortSignal;
  /** With the notification's own number. */
  onProgress?(number: number, message: string): void;
}

const Answer = z.looseObject({
  status: z.string().optional(),
  turn_id: z.string().nullable().optional(),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).optional(),
});
export type Answer = z.infer<typeof Answer>;

const Message = z.looseObject({
  id: z.number().optional(),
  method: z.string().optional(),
  params: z.looseObject({ progress: z.number(), message: z.string() }).optional(),
  result: z.looseObject({ structuredContent: Answer.optional() }).optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});

/** The answer broke off. */
export class CallLost extends Error {
  override name = "CallLost";
}

const REVISION_2025 = "2025-11-25";
const CLIENT = { name: "faults", version: "1.0.0" };

/** The server's structured answer. Rejects where the connection breaks before it, or the answer is none of a tool. */
export async function callTool(server: Server, call: Call): Promise<Answer> {
  if (call.by === "rest") return callRest(server, call);
  return call.by === "2026" ? callModern(server, call) : callSession(server, call);
}

async function callRest({ url, token }: Server, { name, parameters, signal }: Call): Promise<Answer> {
  const response = await fetch(`${url}/tools/${name}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(parameters),
    ...(signal && { signal }),
  });
  const text = await response.text();
  // The server's own last resort has another shape.
  const body: unknown = JSON.parse(text);
  const plain = z.object({ error: z.string(), message: z.string() }).safeParse(body);
  if (plain.success) return { status: "failed", error: { ...plain.data, code: plain.data.error, retryable: true } };
  return Answer.parse(body);
}

async function callModern(server: Server, call: Call): Promise<Answer> {
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": call.name };
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return resultOf(await post(server, headers, toolsCall(call, meta), call.signal), call);
}

/** A session of its own, which ends with the call. */
async function callSession(server: Server, call: Call): Promise<Answer> {
  const version = { "mcp-protocol-version": REVISION_2025 };
  const params = { protocolVersion: REVISION_2025, capabilities: {}, clientInfo: CLIENT };
  const begun = await post(server, {}, { jsonrpc: "2.0", id: 0, method: "initialize", params }, call.signal);
  await begun.text();
  const headers = { ...version, "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };
  const noted = await post(server, headers, { jsonrpc: "2.0", method: "notifications/initialized" }, call.signal);
  await noted.body?.cancel();
  const answer = await resultOf(await post(server, headers, toolsCall(call, {}), call.signal), call);
  const ended = fetch(`${server.url}/mcp`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${server.token}`, ...headers },
  });
  void ended.then((response) => response.body?.cancel()).catch(() => {});
  return answer;
}

function toolsCall({ name, parameters, onProgress }: Call, meta: object): object {
  const _meta = { ...meta, ...(onProgress && { progressToken: "progress" }) };
  return { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: parameters, _meta } };
}

function post({ url, token }: Server, headers: Record<string, string>, body: object, signal?: AbortSignal) {
  return fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

async function resultOf(response: Response, { name, onProgress }: Call): Promise<Answer> {
  for await (const text of messagesOf(response)) {
    const { id, params, result, error } = Message.parse(JSON.parse(text));
    if (params !== undefined && id === undefined) onProgress?.(params.progress, params.message);
    if (error !== undefined) throw new Error(`${name}: ${error.message}`);
    if (result?.structuredContent !== undefined) return result.structuredContent;
    if (result !== undefined) throw new Error(`${name}: ${JSON.stringify(result).slice(0, 500)}`);
  }
  throw new CallLost(`${name}: the answer never came (HTTP ${response.status})`);
}

/** Of an event stream, or of a plain body. */
async function* messagesOf({ body, headers }: Response): AsyncGenerator<string, void, undefined> {
  if (body === null) return;
  const isStream = headers.get("content-type")?.includes("text/event-stream") === true;
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    if (!isStream) continue;
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: {")) yield line.slice("data: ".length);
  }
  if (!isStream && rest.startsWith("{")) yield rest;
}
