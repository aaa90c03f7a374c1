// The MCP endpoints. Each request goes to what serves its revision of the protocol:
// - 2026-07-28 has no sessions: served here, request by request.
// - 2025 (and before, over Streamable HTTP): a session from `initialize` on, in a Durable Object; a client that sends single
//   requests without one is served here as well.
// - 2024-11-05 over HTTP+SSE: a Durable Object holds the event stream.
import { isInitializeRequest, isLegacyRequest, type McpServer } from "@modelcontextprotocol/server";
import { createMcpHandler } from "agents/mcp/server";
import { type Identity, toAuthInfo } from "./identity.ts";
import { KEEPALIVE_MS, MAX_BODY_BYTES } from "./limits.ts";
import { withRefusalStatus } from "./refusal-status.ts";
import { sessionNotFound } from "./session-owner.ts";
import type { SessionBindings, SessionNamespace } from "./session-stubs.ts";

export const MCP_ROUTE = "/mcp";
export const SSE_ROUTE = "/sse";
export const SSE_MESSAGE_ROUTE = "/sse/message";

export interface McpRequest {
  sessions: SessionBindings;
  identity: Identity;
  stateless: StatelessHandler;
}

/** Serves what has no session. Whoever wants subscribers to hear of changes keeps one handler for all requests. */
export type StatelessHandler = ReturnType<typeof createStatelessHandler>;

export function createStatelessHandler(createServer: () => McpServer, onerror: (error: Error) => void) {
  return createMcpHandler(createServer, {
    route: MCP_ROUTE,
    // Streams every answer: a silent tool then still sends keepalives, and a client that leaves is noticed.
    responseMode: "sse",
    keepAliveMs: KEEPALIVE_MS,
    maxRequestBodySize: MAX_BODY_BYTES,
    // The app has checked Host and Origin and adds the CORS headers, for all routes alike.
    allowedOriginHostnames: "*",
    corsOptions: false,
    onerror,
  });
}

/** Answers a request to one of the routes above, whose sender is known. */
export async function handleMcp(request: Request, context: McpRequest): Promise<Response> {
  if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) return refuseTooLarge(request);
  switch (new URL(request.url).pathname) {
    case SSE_ROUTE:
      return openSse(request, context);
    case SSE_MESSAGE_ROUTE:
      return receiveBySse(request, context);
    default:
      return serveStreamableHttp(request, context);
  }
}

async function serveStreamableHttp(request: Request, context: McpRequest): Promise<Response> {
  const { sessions, identity, stateless } = context;
  const isLegacy = await isLegacyRequest(request, undefined, { maxRequestBodySize: MAX_BODY_BYTES });
  const sessionId = request.headers.get("mcp-session-id");
  if (isLegacy && sessionId !== null) {
    const id = parseId(sessions.MCP_SESSION, sessionId);
    return id === undefined
      ? sessionNotFound()
      : sessions.MCP_SESSION.get(id).serve(portable(request), identity, sessionId);
  }
  if (isLegacy && (await isInitialize(request))) {
    const id = sessions.MCP_SESSION.newUniqueId();
    return sessions.MCP_SESSION.get(id).open(portable(request), identity, id.toString());
  }
  return withRefusalStatus(await stateless.fetch(request, { authInfo: toAuthInfo(identity) }));
}

/** Clients that try Streamable HTTP first POST here, and go on with GET after a 405. */
async function openSse(request: Request, { sessions, identity }: McpRequest): Promise<Response> {
  if (request.method !== "GET") return methodNotAllowed("GET");
  const id = sessions.SSE_SESSION.newUniqueId();
  return sessions.SSE_SESSION.get(id).open(identity, `${SSE_MESSAGE_ROUTE}?sessionId=${id}`);
}

async function receiveBySse(request: Request, { sessions, identity }: McpRequest): Promise<Response> {
  if (request.method !== "POST") return methodNotAllowed("POST");
  const id = parseId(sessions.SSE_SESSION, new URL(request.url).searchParams.get("sessionId") ?? "");
  return id === undefined ? sessionNotFound() : sessions.SSE_SESSION.get(id).receive(portable(request), identity);
}

/** Undefined for what is no id of this namespace: ids are 256 bits, and the platform knows its own. */
function parseId(namespace: SessionNamespace<unknown>, id: string): DurableObjectId | undefined {
  try {
    return namespace.idFromString(id);
  } catch {
    return undefined;
  }
}

/** An AbortSignal cannot be sent to a Durable Object, and a session does not want it: it outlives the requests in it. */
function portable(request: Request): Request {
  return new Request(request, { signal: null });
}

async function isInitialize(request: Request): Promise<boolean> {
  if (request.method !== "POST") return false;
  return isInitializeRequest(
    await request
      .clone()
      .json()
      .catch(() => undefined),
  );
}

function methodNotAllowed(allow: string): Response {
  return new Response("Method not allowed.", { status: 405, headers: { allow } });
}

/** Reads the request to its end: a client that is cut off while it sends sees a lost connection and not the answer. */
async function refuseTooLarge(request: Request): Promise<Response> {
  await request.body?.pipeTo(new WritableStream());
  const message = `Payload Too Large: Request body must not exceed ${MAX_BODY_BYTES} bytes`;
  return Response.json({ jsonrpc: "2.0", id: null, error: { code: -32_000, message } }, { status: 413 });
}
