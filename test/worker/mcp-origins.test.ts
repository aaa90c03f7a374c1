// Requests that a browser was tricked into get nowhere, on any route, whatever token they carry.
import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";

const ROUTES = ["/mcp", "/sse", "/sse/message", "/tools/chat", "/model/v1/responses", "/health", "/nowhere"];

it.each(ROUTES)("refuses a web page of another origin on %s", async (path) => {
  for (const origin of ["https://evil.example", "http://localhost.evil.example", "null"]) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const response = await send(path, method, { origin });
      expect([response.status, await response.json()]).toMatchObject([403, { error: "forbidden" }]);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
  }
});

it.each(ROUTES)("refuses another host name than the request was sent to on %s", async (path) => {
  const response = await send(path, "GET", { host: "evil.example" });
  expect([response.status, await response.json()]).toMatchObject([403, { error: "forbidden" }]);
});

it.each(["/mcp", "/sse", "/sse/message"])(
  "lets a page of the developer's machine ask before it sends to %s",
  async (path) => {
    const origin = "http://localhost:6274";
    const asked = {
      "access-control-request-method": "POST",
      "access-control-request-headers": "mcp-param-x,authorization",
    };
    const response = await send(path, "OPTIONS", { origin, ...asked });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-headers": "mcp-param-x,authorization",
      "access-control-expose-headers": expect.stringContaining("mcp-session-id"),
    });
  },
);

function send(path: string, method: string, headers: Record<string, string>): Promise<Response> {
  const authorization = `Bearer ${env.DEV_TOKEN}`;
  return exports.default.fetch(`http://localhost${path}`, { method, headers: { authorization, ...headers } });
}
