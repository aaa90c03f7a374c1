// What a token may do, tool by tool and over every transport.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import { readConfig } from "../../src/config.ts";
import { SCOPES } from "../../src/lib/scopes.ts";
import { handleToolRequest } from "../../src/rest/routes.ts";
import { TOOLS } from "../../src/tools/catalogue.ts";
import { request2026 } from "../support/mcp-wire.ts";
import { connectAs, fetchAs } from "./support/mcp-identity.ts";
import { NEEDED } from "./support/tool-scopes.ts";

it("covers every tool", () => {
  expect(TOOLS.map(({ name }) => name).sort()).toEqual(Object.keys(NEEDED).sort());
});

describe.each(Object.entries(NEEDED))("%s", (name, needed) => {
  const others = SCOPES.filter((scope) => scope !== needed);

  it("is refused with 403 and the scope it needs, before it is called", async () => {
    const { status, headers } = await request2026(fetchAs("ada", others), "tools/call", { name, arguments: {} });
    expect(status).toBe(403);
    expect(headers.get("www-authenticate")).toMatch(new RegExp(`error="insufficient_scope".*scope="${needed}"`));
  });

  it("is refused in a session as well", async () => {
    const client = await connectAs("ada", "legacy", others);
    await expect(client.callTool({ name, arguments: {} })).rejects.toThrow(/403|insufficient/i);
    await client.close();
  });

  it("is refused over REST", async () => {
    const response = await rest(name, others);
    expect(response.status).toBe(403);
    expect(response.headers.get("www-authenticate")).toContain(`scope="${needed}"`);
    expect(await response.json()).toMatchObject({
      error: { code: "forbidden", message: expect.stringContaining(needed) },
    });
  });

  it("is let in with that scope alone", async () => {
    // Bad parameters show that the call went past the gate, and start nothing.
    const { status, result } = await request2026(fetchAs("ada", [needed]), "tools/call", {
      name,
      arguments: { no: 1 },
    });
    expect([status, result?.structuredContent]).toMatchObject([200, { error: { code: "invalid_input" } }]);
  });
});

it("a tool refuses by itself where a transport did not", async () => {
  const context = contextOf([]);
  for (const { name, run } of TOOLS) {
    expect((await run({}, context)).failure, name).toBe("forbidden");
  }
});

function rest(name: string, scopes: readonly string[]): Promise<Response> {
  const request = new Request(`https://codex.example/tools/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  return handleToolRequest(request, contextOf(scopes), () => {});
}

function contextOf(scopes: readonly string[]) {
  return {
    userId: "ada",
    clientId: "test",
    scopes,
    config: readConfig(env),
    agents: env.CODEX_AGENT,
    directories: env.DIRECTORY,
    turnRate: env.TURN_RATE,
    origin: "https://codex.example",
    correlationId: "req_test",
    log: createLogger(() => {}, "ERROR"),
    signal: new AbortController().signal,
    onProgress: () => {},
  };
}
