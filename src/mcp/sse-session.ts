// A connection of an old client over HTTP+SSE: the Durable Object that holds its event stream and takes in its messages. Nothing is
// stored: the session is the stream, and a client that loses it opens another one.
import { DurableObject } from "cloudflare:workers";
import { isJsonContentType, type McpServer, parseJSONRPCMessage, readRequestBody } from "@modelcontextprotocol/server";
import { type Identity, toAuthInfo } from "./identity.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { createServer } from "./server.ts";
import { isOwner, type SessionOwner, sessionNotFound, toOwner } from "./session-owner.ts";
import type { SseSessionStub } from "./session-stubs.ts";
import { SseTransport } from "./sse-transport.ts";

const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

export class SseSession extends DurableObject<Cloudflare.Env> implements SseSessionStub {
  #connection: { transport: SseTransport; owner: SessionOwner } | undefined;

  async open(identity: Identity, endpoint: string): Promise<Response> {
    const transport = new SseTransport(endpoint);
    await this.createServer(identity.userId).connect(transport);
    const onClose = transport.onclose;
    transport.onclose = () => {
      this.#connection = undefined;
      onClose?.();
    };
    this.#connection = { transport, owner: toOwner(identity) };
    return new Response(transport.stream, { headers: STREAM_HEADERS });
  }

  async receive(request: Request, identity: Identity): Promise<Response> {
    const connection = this.#connection;
    if (connection === undefined || !isOwner(connection.owner, identity)) return sessionNotFound();
    if (!isJsonContentType(request.headers.get("content-type"))) return new Response("Send JSON.", { status: 415 });
    const body = await readRequestBody(request, MAX_BODY_BYTES);
    if (body.tooLarge) return new Response("The message is too large.", { status: 413 });
    const message = parse(body.text);
    if (message === undefined) return new Response("This is not a JSON-RPC message.", { status: 400 });
    connection.transport.receive(message, toAuthInfo(identity));
    return new Response("Accepted", { status: 202 });
  }

  /** What this session serves. Tests of the transport put another server here. */
  protected createServer(userId: string): McpServer {
    return createServer(this.env, userId);
  }
}

function parse(text: string): ReturnType<typeof parseJSONRPCMessage> | undefined {
  try {
    return parseJSONRPCMessage(JSON.parse(text));
  } catch {
    return undefined;
  }
}
