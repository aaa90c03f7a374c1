// Sessions of 2025-era clients and of /sse: whose they are, how long they last, and that they outlive their isolate.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/mcp/identity.ts";
import { createServer } from "../../src/mcp/server.ts";
import { createStatelessHandler, handleMcp } from "../../src/mcp/transport.ts";
import { script } from "../support/fake-model/script.ts";

const NOT_FOUND = { jsonrpc: "2.0", error: { code: -32_001, message: "Session not found" }, id: null };
const LIST = { jsonrpc: "2.0", id: 2, method: "tools/list" };
const DAY_MS = 24 * 3_600_000;

describe("a session of /mcp", () => {
  it("goes on after its isolate is lost, at the revision that was agreed on", async () => {
    const ada = newIdentity();
    const id = await open(ada, "2025-06-18");
    await abort(id);
    expect(await textOf(await post(ada, id, LIST))).toContain('"implement"');
    // Played again, the handshake leaves a session that knows of it.
    const again = await post(ada, id, initialize("2025-06-18"));
    expect([again.status, await again.text()]).toEqual([400, expect.stringContaining("already initialized")]);
  });

  it("serves requests that come together right after its isolate is lost", async () => {
    const ada = newIdentity();
    const id = await open(ada);
    await abort(id);
    const answers = await Promise.all([1, 2, 3].map((n) => post(ada, id, { ...LIST, id: n })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const answer of answers) expect(await answer.text()).toContain('"implement"');
  });

  it.each([
    ["another user", { userId: `user-${crypto.randomUUID()}` }],
    ["another client of the same user", { clientId: "other" }],
  ])("is not there for %s", async (_, other) => {
    const ada = newIdentity();
    const id = await open(ada);
    for (const method of ["POST", "GET", "DELETE"]) {
      const answer = await send({ ...ada, ...other }, method, id);
      expect([answer.status, await answer.json()]).toEqual([404, NOT_FOUND]);
    }
    expect((await post(ada, id, LIST)).status).toBe(200);
  });

  it("takes its scopes from each request's own token", async () => {
    const ada = newIdentity();
    const id = await open(ada);
    const call = { ...LIST, method: "tools/call", params: { name: "get_my_session_info", arguments: {} } };
    const answer = await textOf(await post({ ...ada, scopes: ["codex:read"] }, id, call));
    expect(answer).toContain("codex:read");
    expect(answer).not.toContain("codex:run");
  });

  it.each(["POST", "GET", "DELETE"])("answers %s for one that never was as for another user's", async (method) => {
    for (const id of [env.MCP_SESSION.newUniqueId().toString(), "f".repeat(64), "nonsense"]) {
      const answer = await send(newIdentity(), method, id);
      expect([answer.status, await answer.json()]).toEqual([404, NOT_FOUND]);
    }
  });

  it("ends by DELETE, and leaves nothing behind", async () => {
    const ada = newIdentity();
    const id = await open(ada);
    expect((await send(ada, "DELETE", id)).status).toBe(200);
    const answer = await post(ada, id, LIST);
    expect([answer.status, await answer.json()]).toEqual([404, NOT_FOUND]);
    await runInDurableObject(stub(id), async (_, { storage }) => {
      expect([...storage.kv.list()]).toEqual([]);
      expect(await storage.getAlarm()).toBeNull();
    });
  });

  it("ends when nobody has used it for a week, and not before", async () => {
    const ada = newIdentity();
    const id = await open(ada);
    await lastUsed(id, Date.now() - 6 * DAY_MS);
    await runDurableObjectAlarm(stub(id));
    expect((await post(ada, id, LIST)).status).toBe(200);
    await lastUsed(id, Date.now() - 8 * DAY_MS);
    await runDurableObjectAlarm(stub(id));
    expect((await post(ada, id, LIST)).status).toBe(404);
  });

  it("gives a client that lost its stream a new one in place of it", async () => {
    const ada = newIdentity();
    const id = await open(ada);
    const [first, second] = [await send(ada, "GET", id), await send(ada, "GET", id)];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await first.text()).toBe("");
    await second.body?.cancel();
  });

  it("ends the turn of a call that its client cancels, and the stream of its answer", async () => {
    const ada = newIdentity();
    const id = await open(ada);
    const message = `Wait. ${script({ stallMs: 15_000 })}`;
    const chat = (requestId: number, wait_seconds: number) => {
      const params = { name: "chat", arguments: { message, wait_seconds, request_id: "same" } };
      return post(ada, id, { jsonrpc: "2.0", id: requestId, method: "tools/call", params });
    };
    const answer = await chat(7, 20);
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
    expect((await post(ada, id, cancelled)).status).toBe(202);
    expect(await answer.text()).toBe("");
    let next = 8;
    await expect
      .poll(async () => (await chat(next++, 0)).text(), { timeout: 10_000 })
      .toContain('"status":"cancelled"');
  });

  it("is not opened by an initialize request that is longer than any", async () => {
    const long = initialize("2025-11-25", { name: "x".repeat(300_000), version: "1" });
    expect((await post(newIdentity(), null, long)).status).toBe(413);
  });
});

describe("a session of /sse", () => {
  it("tells its client where to send messages, and answers them on the stream", async () => {
    const ada = newIdentity();
    const { path, events } = await openSse(ada);
    expect((await postTo(path, ada, initialize("2024-11-05"))).status).toBe(202);
    expect(await events.next()).toContain('"protocolVersion":"2024-11-05"');
    await events.close();
  });

  it("is not there for another user, for one who guesses, and after its client has left", async () => {
    const ada = newIdentity();
    const { path, events } = await openSse(ada);
    const unknown = `/sse/message?sessionId=${env.SSE_SESSION.newUniqueId()}`;
    const attempts: [string, Identity][] = [
      [path, newIdentity()],
      [path, { ...ada, clientId: "other" }],
      [unknown, ada],
      ["/sse/message?sessionId=nonsense", ada],
      ["/sse/message", ada],
    ];
    for (const [target, caller] of attempts) {
      const answer = await postTo(target, caller, LIST);
      expect([answer.status, await answer.json()]).toEqual([404, NOT_FOUND]);
    }
    await events.close();
    await expect.poll(async () => (await postTo(path, ada, LIST)).status).toBe(404);
  });

  it.each([
    ["not JSON", "application/json", "{", 400],
    ["no JSON-RPC", "application/json", "{}", 400],
    ["no JSON by its type", "text/plain", JSON.stringify(LIST), 415],
    ["too large", "application/json", `"${"x".repeat(5 * 1024 * 1024)}"`, 413],
  ])("refuses a message that is %s", async (_, type, body, status) => {
    const ada = newIdentity();
    const { path, events } = await openSse(ada);
    const request = new Request(`http://localhost${path}`, { method: "POST", headers: { "content-type": type }, body });
    expect((await handle(request, ada)).status).toBe(status);
    await events.close();
  });

  it("sends a client that first tries Streamable HTTP to GET", async () => {
    const answer = await postTo("/sse", newIdentity(), initialize("2025-11-25"));
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"]);
  });
});

function newIdentity(): Identity {
  const scopes = ["codex:read", "codex:run", "codex:admin"];
  const origin = "https://codex.example";
  return { userId: `user-${crypto.randomUUID()}`, clientId: "client", scopes, origin, correlationId: "req_test" };
}

function initialize(protocolVersion: string, clientInfo = { name: "test", version: "1" }) {
  const params = { protocolVersion, capabilities: { elicitation: {} }, clientInfo };
  return { jsonrpc: "2.0", id: 1, method: "initialize", params };
}

async function open(identity: Identity, protocolVersion = "2025-11-25"): Promise<string> {
  const response = await post(identity, null, initialize(protocolVersion));
  expect(await textOf(response)).toContain(`"protocolVersion":"${protocolVersion}"`);
  return response.headers.get("mcp-session-id") ?? "";
}

async function openSse(identity: Identity) {
  const response = await handle(new Request("http://localhost/sse"), identity);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async (): Promise<string> => (await reader?.read())?.value ?? "";
  const path = /^event: endpoint\ndata: (\S+)$/m.exec(await next())?.[1] ?? "";
  return { path, events: { next, close: async () => reader?.cancel() } };
}

function post(identity: Identity, id: string | null, message: object): Promise<Response> {
  return send(identity, "POST", id, message);
}

function send(identity: Identity, method: string, id: string | null, message: object = LIST): Promise<Response> {
  const headers = new Headers({ "content-type": "application/json", accept: "application/json, text/event-stream" });
  if (id !== null) headers.set("mcp-session-id", id);
  const body = method === "POST" ? { body: JSON.stringify(message) } : {};
  return handle(new Request("http://localhost/mcp", { method, headers, ...body }), identity);
}

function postTo(path: string, identity: Identity, message: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(message) };
  return handle(new Request(`http://localhost${path}`, init), identity);
}

function handle(request: Request, identity: Identity): Promise<Response> {
  const stateless = createStatelessHandler(() => createServer(env, identity.userId), console.error);
  return handleMcp(request, { sessions: env, identity, stateless });
}

async function textOf(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  return response.text();
}

function stub(id: string): DurableObjectStub {
  // The platform's own stub, which the binding's type hides.
  return env.MCP_SESSION.get(env.MCP_SESSION.idFromString(id)) as unknown as DurableObjectStub;
}

async function abort(id: string): Promise<void> {
  const reason = "aborted by the test";
  await expect(runInDurableObject(stub(id), (_, state) => state.abort(reason))).rejects.toThrow(reason);
}

async function lastUsed(id: string, at: number): Promise<void> {
  await runInDurableObject(stub(id), (_, { storage }) => storage.kv.put("used_at", at));
}
