// A caller's credentials over HTTP, as `npm run login` uses them.
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { beforeEach, expect, it } from "vitest";
import { CREDENTIALS_ROUTE, type CredentialCaller, credentialRoutes } from "../../src/rest/credentials.ts";
import { newAccount } from "./support/accounts.ts";

const KEY = "sk-own-0123456789abcdefghij-wxyz";
const ADMIN = ["codex:read", "codex:run", "codex:admin"];

let caller: CredentialCaller | null;

beforeEach(() => {
  caller = { user_id: crypto.randomUUID(), scopes: ADMIN };
});

const app = new Hono<{ Bindings: Cloudflare.Env }>().route(
  CREDENTIALS_ROUTE,
  credentialRoutes(async () => caller ?? Response.json({}, { status: 401 })),
);

async function call(method: string, path: string, body?: unknown) {
  const sent = { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const init = { method, ...(body === undefined ? {} : sent) };
  const response = await app.request(`${CREDENTIALS_ROUTE}${path}`, init, env);
  const json: Record<string, unknown> = await response.json();
  return { status: response.status, headers: response.headers, body: json };
}

it("takes an auth.json, and answers how the credentials stand then", async () => {
  const account = await newAccount({ email: "ada@example.com" });
  const login = await account.login();
  const { status, headers, body } = await call("POST", "/chatgpt", login);
  expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
  expect(body).toMatchObject({ in_use: { method: "oauth", source: "own" }, oauth: { email: "ada@example.com" } });
  expect(JSON.stringify(body)).not.toMatch(/eyJ|rt\./);
  expect((await call("GET", "")).body).toMatchObject({ oauth: { email: "ada@example.com" } });
});

it("takes an API key, and removes what is not wanted any more", async () => {
  expect((await call("POST", "/api-key", { api_key: KEY })).body).toMatchObject({ api_key: { hint: "wxyz" } });
  expect((await call("DELETE", "/api-key")).body).toMatchObject({ api_key: { source: "server" } });
  await call("POST", "/chatgpt", await (await newAccount()).login());
  expect((await call("DELETE", "/chatgpt")).body).toMatchObject({ oauth: null });
});

it("does a device login", async () => {
  const account = await newAccount();
  const { body } = await call("POST", "/chatgpt/device");
  expect(body).toMatchObject({ user_code: expect.stringMatching(/-/), interval_s: 1 });
  await account.approve(String(body.user_code));
  expect((await call("POST", "/chatgpt/device/poll")).body).toEqual({ status: "connected" });
});

it.each([
  ["POST", "/chatgpt", { tokens: { access_token: "secret" } }, 400, "invalid_input"],
  ["POST", "/chatgpt", [], 400, "invalid_input"],
  ["POST", "/api-key", { api_key: "short" }, 400, "invalid_input"],
  ["POST", "/api-key", { key: KEY }, 400, "invalid_input"],
  ["POST", "/chatgpt/device/poll", {}, 404, "not_found"],
])("refuses %s %s with %j, and repeats nothing of it", async (method, path, sent, status, code) => {
  const { status: answered, body } = await call(method, path, sent);
  expect([answered, body]).toMatchObject([status, { status: "failed", error: { code, message: expect.any(String) } }]);
  expect(JSON.stringify(body)).not.toContain("secret");
});

it.each([
  ["GET", ""],
  ["POST", "/chatgpt"],
  ["POST", "/api-key"],
  ["POST", "/chatgpt/device"],
  ["POST", "/chatgpt/device/poll"],
  ["DELETE", "/chatgpt"],
  ["DELETE", "/api-key"],
])("needs a known caller and the right scope for %s %s", async (method, path) => {
  const needed = method === "GET" ? "codex:read" : "codex:admin";
  caller = { user_id: "u", scopes: ADMIN.filter((scope) => scope !== needed) };
  const forbidden = await call(method, path);
  expect([forbidden.status, forbidden.body]).toMatchObject([403, { error: { code: "forbidden" } }]);
  expect(forbidden.headers.get("www-authenticate")).toContain(`error="insufficient_scope", scope="${needed}"`);
  caller = null;
  expect((await call(method, path)).status).toBe(401);
});

it("shows a caller nothing of what another one has", async () => {
  await call("POST", "/api-key", { api_key: KEY });
  caller = { user_id: crypto.randomUUID(), scopes: ADMIN };
  expect((await call("GET", "")).body).toMatchObject({ api_key: { source: "server" } });
});
