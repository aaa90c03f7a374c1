// What a client finds before it has a token: refusals that say where to go, and the metadata that is there.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ORIGIN } from "./support/browser.ts";
import { listTools, send } from "./support/oauth-client.ts";

describe.each(["/mcp", "/sse"])("%s without a token", (path) => {
  it("says where its metadata is and which scopes to ask for", async () => {
    const response = await send(path, { method: path === "/sse" ? "GET" : "POST" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(
      `Bearer realm="OAuth", resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource${path}", scope="codex:read codex:run"`,
    );
    expect(await response.json()).toEqual({ error: "unauthorized", message: "Send a valid bearer token." });
  });

  it("names itself and the authorization server in its metadata", async () => {
    const response = await send(`/.well-known/oauth-protected-resource${path}`);
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        resource: `${ORIGIN}${path}`,
        authorization_servers: [ORIGIN],
        scopes_supported: ["codex:read", "codex:run"],
        bearer_methods_supported: ["header"],
        resource_name: "Persistent Codex",
      },
    ]);
  });
});

it.each(["/sse/message?sessionId=0", "/tools/list_sessions"])(
  "%s refuses calls without a token as well",
  async (path) => {
    const response = await send(path, { method: "POST" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("/.well-known/oauth-protected-resource/");
  },
);

it.each(["made-up", "owner:grant:secret", "pcx_pat_owner_0123456789abcdef_x", "pcx_", "a b", "%00", "ü".repeat(3)])(
  "tells a client that %j is no token",
  async (token) => {
    for (const path of ["/mcp", "/sse", "/tools/list_sessions"]) {
      const response = await listTools(encodeURI(token), path);
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
    }
  },
);

it("describes an authorization server with what OAuth 2.1 asks for and nothing older", async () => {
  const metadata = await (await send("/.well-known/oauth-authorization-server")).json();
  expect(metadata).toMatchObject({
    issuer: ORIGIN,
    authorization_endpoint: `${ORIGIN}/authorize`,
    token_endpoint: `${ORIGIN}/oauth/token`,
    registration_endpoint: `${ORIGIN}/oauth/register`,
    revocation_endpoint: expect.stringContaining(ORIGIN),
    scopes_supported: ["codex:read", "codex:run", "codex:admin"],
    response_types_supported: ["code"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    protected_resources: [`${ORIGIN}/mcp`, `${ORIGIN}/sse`],
  });
});

describe("where the server is reached", () => {
  it("is what PUBLIC_URL says, whatever a proxy makes of the request", async () => {
    const settings = { PUBLIC_URL: "https://public.example", ALLOWED_HOSTS: "inside.example" };
    const at = { settings, origin: "http://inside.example" };
    const metadata = await (await send("/.well-known/oauth-protected-resource/mcp", at)).json();
    expect(metadata).toMatchObject({ resource: "https://public.example/mcp" });
    const refusal = await send("/mcp", { ...at, method: "POST" });
    expect(refusal.headers.get("www-authenticate")).toContain('"https://public.example/.well-known/');
  });

  it("serves a call that a proxy has passed on, body and all", async () => {
    const settings = { PUBLIC_URL: "https://public.example", ALLOWED_HOSTS: "inside.example" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
    const accept = "application/json, text/event-stream";
    const headers = { authorization: `Bearer ${env.DEV_TOKEN}`, accept, "content-type": "application/json" };
    const response = await send("/mcp", { method: "POST", headers, body, settings, origin: "http://localhost" });
    expect(await response.text()).toContain("get_turn");
  });

  it("is no other name where PUBLIC_URL is set: nobody is told to trust a name that a stranger chose", async () => {
    const settings = { PUBLIC_URL: "https://public.example" };
    for (const origin of ["https://evil.example", "https://public.example.evil.example"]) {
      const response = await send("/.well-known/oauth-authorization-server", { settings, origin });
      expect(response.status).toBe(403);
      expect(await response.text()).not.toContain("evil");
    }
  });

  it("is never plain http on the way to another machine", async () => {
    for (const path of ["/mcp", "/sign-in", "/.well-known/oauth-authorization-server"]) {
      const response = await send(path, { origin: "http://codex.example" });
      expect([response.status, await response.json()]).toMatchObject([
        403,
        { message: expect.stringContaining("https") },
      ]);
    }
  });
});

it("sends a browser that came over plain http to https", async () => {
  const headers = { accept: "text/html,application/xhtml+xml" };
  const response = await send("/account?a=b", { origin: "http://codex.example:80", headers });
  expect([response.status, response.headers.get("location")]).toEqual([308, "https://codex.example/account?a=b"]);
  const form = await send("/sign-in/password", { origin: "http://codex.example", headers, method: "POST" });
  expect(form.status).toBe(403);
});

describe("a deployment that nobody can sign in to", () => {
  const settings = { OWNER_PASSWORD: "", DEV_TOKEN: "a-token-that-a-deployment-must-not-take" };

  it.each([
    "/",
    "/health",
    "/mcp",
    "/sse",
    "/tools/list_sessions",
    "/sign-in",
    "/account",
    "/authorize",
    "/oauth/token",
  ])("serves nothing at %s, and says what to set", async (path) => {
    const response = await send(path, { settings, headers: { authorization: `Bearer ${settings.DEV_TOKEN}` } });
    expect(response.status).toBe(503);
    const { message } = await response.json<{ message: string }>();
    for (const name of ["OWNER_PASSWORD", "OIDC_ISSUER", "GITHUB_CLIENT_ID", "ALLOWED_USERS"])
      expect(message).toContain(name);
  });

  it("serves the developer's own machine, with the development token", async () => {
    const headers = { authorization: `Bearer ${settings.DEV_TOKEN}` };
    const response = await send("/tools/list_sessions", { settings, headers, origin: "http://localhost:8210" });
    expect(response.status).toBe(200);
  });
});
