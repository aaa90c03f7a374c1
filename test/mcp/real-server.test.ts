// The real server under others' tools: the conformance scenarios that need no fixtures, and the MCP Inspector.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { runSuite } from "../support/mcp-conformance.ts";
import { type Run, runNode } from "../support/mcp-program.ts";
import { startTokenProxy, type TokenProxy } from "../support/token-proxy.ts";
import { countToolTokens } from "../support/tool-tokens.ts";

let model: FakeModel;
let server: DevServer;
let proxy: TokenProxy;

beforeAll(async () => {
  model = await startFakeModel();
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url } });
  proxy = await startTokenProxy(server.port, server.token);
});

afterAll(async () => {
  proxy?.close();
  await server?.stop();
  await model?.close();
});

it("lists its tools in less than 6 000 tokens", async () => {
  const counts = [...(await countToolTokens(server)).values()];
  expect(Math.min(...counts)).toBeGreaterThan(20);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThan(6_000);
});

it.each([
  {
    revision: "2026-07-28",
    scenarios: [
      "tools-list",
      "resources-list",
      "prompts-list",
      "sep-2164-resource-not-found",
      "caching",
      "dns-rebinding-protection",
      "http-header-validation",
      "server-sse-multiple-streams",
      "input-required-result-missing-input-response",
      "input-required-result-unsupported-methods",
      "input-required-result-ignore-extra-params",
      "input-required-result-validate-input",
    ],
  },
  {
    revision: "2025-11-25",
    scenarios: [
      "server-initialize",
      "server-session-lifecycle",
      "ping",
      "tools-list",
      "resources-list",
      "prompts-list",
      "dns-rebinding-protection",
      "server-sse-multiple-streams",
    ],
  },
])("passes the conformance scenarios of $revision that need no fixtures", async ({ revision, scenarios }) => {
  const { summary } = await runSuite(`http://localhost:${proxy.port}/mcp`, revision);
  for (const scenario of scenarios)
    expect(summary).toMatch(new RegExp(`^✓ ${scenario}: [1-9]\\d* passed, 0 failed`, "m"));
});

describe.each([
  { way: "http at 2025-11-25", path: "/mcp", options: ["--transport", "http", "--protocol-era", "legacy"] },
  { way: "http at 2026-07-28", path: "/mcp", options: ["--transport", "http", "--protocol-era", "modern"] },
  { way: "sse", path: "/sse", options: ["--transport", "sse"] },
])("the Inspector over $way", ({ way, path, options }) => {
  const inspect = (...args: string[]): Promise<Run> => {
    const target = [`${server.url}${path}`, ...options, "--header", `Authorization: Bearer ${server.token}`];
    const script = "@modelcontextprotocol/inspector/clients/launcher/build/index.js";
    const run = { timeoutMs: 30_000, cwd: server.scratch.home };
    return runNode(script, ["--cli", ...target, "--format", "json", ...args], run);
  };

  it("finds no error in the tools' schemas", async () => {
    const { code, stdout, stderr } = await inspect("--method", "tools/list", "--strict");
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^0 errors, /m);
    expect(JSON.parse(stdout).result.tools.length).toBeGreaterThan(8);
  });

  it("calls a tool, and tells a failure from a result", async () => {
    const message = `Hello. ${script({ answer: { response: "Hello, Inspector." } })}`;
    const input = JSON.stringify({ agent_id: `inspector-${way.replace(/\W+/g, "-")}`, message });
    const call = ["--method", "tools/call", "--tool-name"];
    const chat = await inspect(...call, "chat", "--tool-args-json", input);
    expect(chat.code, chat.stderr).toBe(0);
    const { structuredContent } = JSON.parse(chat.stdout).result;
    expect(structuredContent).toMatchObject({ status: "completed", result: { response: "Hello, Inspector." } });
    const missing = await inspect(...call, "get_turn", "--tool-args-json", '{"turn_id":"turn_0"}');
    // 5: the tool's result says that it failed.
    expect([missing.code, missing.stdout]).toEqual([5, expect.stringContaining("not_found")]);
  });
});
