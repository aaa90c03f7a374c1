// The Worker's routes from outside: what is open, what needs a token, and what a wrong setting does.
import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { app } from "../../src/app.ts";

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
});

it("tells everybody that it is up, and no more than that", async () => {
  const response = await exports.default.fetch("http://localhost/health");
  expect(response.status).toBe(200);
  const body = await response.json<Record<string, string>>();
  expect(Object.keys(body).sort()).toEqual(["status", "timestamp", "version"]);
  expect(body).toMatchObject({ status: "ok", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  expect(Math.abs(Date.parse(body.timestamp ?? "") - Date.now())).toBeLessThan(60_000);
});

it("says where to go from an unknown route", async () => {
  const response = await exports.default.fetch("http://localhost/nowhere");
  expect([response.status, await response.json()]).toMatchObject([404, { error: "not_found" }]);
});

it("serves MCP with the development token on the developer's machine", async () => {
  for (const host of ["localhost", "localhost:8210", "127.0.0.1:8210", "[::1]:8210"]) {
    const response = await mcp(`http://${host}/mcp`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("persistent-codex");
  }
});

it.each([
  ["no token", {}],
  ["an empty token", { authorization: "Bearer " }],
  ["a wrong token", { authorization: "Bearer wrong" }],
  ["a token that only begins right", { authorization: `Bearer ${env.DEV_TOKEN.slice(0, -1)}` }],
  ["another scheme", { authorization: `Basic ${env.DEV_TOKEN}` }],
  ["the model API's key", { authorization: `Bearer ${env.OPENAI_API_KEY}` }],
])("asks for a bearer token where there is %s", async (_, headers) => {
  const response = await mcp("http://localhost/mcp", headers);
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
  expect(await response.json()).toMatchObject({ error: "unauthorized" });
});

it.each(["https://codex.example/mcp", "http://evil.example:8210/mcp", "http://localhost.evil.example/mcp"])(
  "takes no development token under %s",
  async (url) => {
    expect([401, 403]).toContain((await mcp(url)).status);
  },
);

it("refuses a request that was sent to another host name than it says", async () => {
  expect((await mcp("http://localhost:8210/mcp", { ...bearer(), host: "evil.example" })).status).toBe(403);
});

it.each(["https://evil.example", "http://localhost.evil.example", "null"])(
  "serves no browser page of %s, also with the token",
  async (origin) => {
    const response = await mcp("http://localhost:8210/mcp", { ...bearer(), origin });
    expect(response.status).toBe(403);
  },
);

it("knows no token where none is set", async () => {
  const { DEV_TOKEN: _, ...settings } = env;
  const init = { method: "POST", headers: { authorization: "Bearer undefined" }, body: INITIALIZE };
  expect((await app.request("http://localhost/mcp", init, settings)).status).toBe(401);
});

it.each([
  ["SESSION_TIMEOUT", "soon"],
  ["TURN_WAIT_SECONDS", "-1"],
  ["OPENAI_BASE_URL", "ftp://user:hunter2@api.example"],
  ["OPENAI_API_KEY", "hunter2"],
  ["DEV_TOKEN", "hunter2 hunter2"],
  ["PROCESS_HOST_TOKEN", "hunter2"],
  ["CODEX_AUTH_METHOD", "hunter2"],
])("answers nothing but the name of %s where it is wrong", async (name, value) => {
  const settings = { ...env, [name]: value };
  for (const path of ["/health", "/mcp", "/model/v1/responses"]) {
    const response = await app.request(`http://localhost${path}`, { method: "POST", headers: bearer() }, settings);
    expect(response.status).toBe(503);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: "misconfigured", message: expect.stringContaining(name) });
    expect(text).not.toMatch(/hunter2|soon/);
  }
});

it("names every wrong setting at once", async () => {
  const response = await app.request("/health", {}, { ...env, SESSION_TIMEOUT: "1", LOG_LEVEL: "loud" });
  expect(await response.json()).toMatchObject({ message: expect.stringMatching(/SESSION_TIMEOUT.*LOG_LEVEL/) });
});

it("takes an empty setting for one that is not set", async () => {
  expect((await app.request("/health", {}, { ...env, SESSION_TIMEOUT: "", CODEX_MODEL: "" })).status).toBe(200);
});

function bearer(): Record<string, string> {
  return { authorization: `Bearer ${env.DEV_TOKEN}` };
}

/** With the Host header that comes with such a URL over the network. */
async function mcp(url: string, headers: Record<string, string> = bearer()): Promise<Response> {
  const accept = "application/json, text/event-stream";
  const { host } = new URL(url);
  const sent = { host, accept, "content-type": "application/json", ...headers };
  const init = { method: "POST", headers: sent, body: INITIALIZE };
  return app.request(url, init, env);
}
