// A session of a 2025-era client: the Durable Object that `Mcp-Session-Id` names. It keeps the client's `initialize` request, so
// that an object that was evicted plays it again and serves on with the same protocol version and client capabilities.
// https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management
import { DurableObject } from "cloudflare:workers";
import { type McpServer, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { closeStreamOfCancelled } from "./cancelled-stream.ts";
import { type Identity, toAuthInfo } from "./identity.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { createServer } from "./server.ts";
import { isOwner, type SessionOwner, sessionNotFound, toOwner } from "./session-owner.ts";
import type { McpSessionStub } from "./session-stubs.ts";

type HttpTransport = WebStandardStreamableHTTPServerTransport;

interface SessionRecord {
  owner: SessionOwner;
  /** The JSON-RPC request as it came. */
  initialize: unknown;
}

/** Above what any client sends, below what a row holds. */
const MAX_INITIALIZE_CHARS = 256 * 1024;
const IDLE_MS = 7 * 24 * 3_600_000;
/** How exact the idle time is: a write for each request would cost more than it tells. */
const TOUCH_INTERVAL_MS = 3_600_000;

export class McpSession extends DurableObject<Cloudflare.Env> implements McpSessionStub {
  #transport: Promise<HttpTransport> | undefined;

  async open(request: Request, identity: Identity, id: string): Promise<Response> {
    const text = await request.text();
    if (text.length > MAX_INITIALIZE_CHARS) return new Response("The initialize request is too long.", { status: 413 });
    const initialize: unknown = JSON.parse(text);
    this.#transport = this.#connect(id, identity.userId);
    const transport = await this.#transport;
    const headers = request.headers;
    const options = { parsedBody: initialize, authInfo: toAuthInfo(identity) };
    const response = await transport.handleRequest(new Request(request.url, { method: "POST", headers }), options);
    if (!response.ok) return response;
    const record: SessionRecord = { owner: toOwner(identity), initialize };
    this.ctx.storage.kv.put("session", record);
    await this.#touch();
    return response;
  }

  async serve(request: Request, identity: Identity, id: string): Promise<Response> {
    const record = this.#record();
    if (record === undefined || !isOwner(record.owner, identity)) return sessionNotFound();
    await this.#touch();
    this.#transport ??= this.#restore(record, identity, id).catch((error: unknown) => {
      this.#transport = undefined;
      throw error;
    });
    const transport = await this.#transport;
    // A client that lost its stream asks for a new one before this side has noticed the loss: the newest one counts.
    if (request.method === "GET") transport.closeStandaloneSSEStream();
    return transport.handleRequest(request, { authInfo: toAuthInfo(identity) });
  }

  override async alarm(): Promise<void> {
    const idleUntil = (this.ctx.storage.kv.get<number>("used_at") ?? 0) + IDLE_MS;
    if (idleUntil > Date.now()) await this.ctx.storage.setAlarm(idleUntil);
    else await this.#end();
  }

  /** What this session serves. Tests of the transport put another server here. */
  protected createServer(userId: string): McpServer {
    return createServer(this.env, userId);
  }

  #record(): SessionRecord | undefined {
    return this.ctx.storage.kv.get<SessionRecord>("session"); // written by open() as this type
  }

  async #connect(id: string, userId: string): Promise<HttpTransport> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      onsessionclosed: () => this.#end(),
      maxRequestBodySize: MAX_BODY_BYTES,
    });
    await this.createServer(userId).connect(transport);
    closeStreamOfCancelled(transport);
    return transport;
  }

  async #restore({ initialize }: SessionRecord, identity: Identity, id: string): Promise<HttpTransport> {
    const transport = await this.#connect(id, identity.userId);
    for (const parsedBody of [initialize, { jsonrpc: "2.0", method: "notifications/initialized" }]) {
      const request = new Request("https://session/mcp", {
        method: "POST",
        headers: { ...REPLAY_HEADERS, "mcp-session-id": id },
      });
      const response = await transport.handleRequest(request, { parsedBody, authInfo: toAuthInfo(identity) });
      await response.text();
    }
    return transport;
  }

  async #touch(): Promise<void> {
    const usedAt = this.ctx.storage.kv.get<number>("used_at") ?? 0;
    if (Date.now() - usedAt < TOUCH_INTERVAL_MS) return;
    this.ctx.storage.kv.put("used_at", Date.now());
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + IDLE_MS);
  }

  async #end(): Promise<void> {
    const transport = this.#transport;
    this.#transport = undefined;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    await (await transport)?.close();
  }
}

const REPLAY_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };
