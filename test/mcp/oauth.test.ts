// Others' programs through our OAuth: the conformance suite's client of authorization servers, Claude Code, the Inspector.
import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as z from "zod";
import { freePort } from "../../src/cli/dev/ports.ts";
import { makeScratchDir } from "../support/app-server-driver.ts";
import { DevServer } from "../support/dev-server.ts";
import { type Run, runProgram } from "../support/mcp-program.ts";
import { inTerminal, runPrompting } from "../support/prompting-program.ts";
import { signInAndAgree } from "../support/signs-in.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const NODE = join(ROOT, "node_modules/node/bin/node");
const CONFORMANCE = join(ROOT, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
const INSPECTOR = join(ROOT, "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js");
const CLAUDE = join(ROOT, `node_modules/@anthropic-ai/claude-code-${process.platform}-${process.arch}`, "claude");

/** To its end: what follows in a terminal is a control character. */
const AUTHORIZE_URL = /http:\/\/localhost:\d+\/authorize\?[\w%=&.+~*-]+(?=[^\w%=&.+~*-])/;

let server: DevServer;
let home: string;

beforeAll(async () => {
  home = makeScratchDir("oauth-clients-");
  server = await DevServer.start();
});

afterAll(async () => {
  await server?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

it("passes the authorization scenarios of the conformance suite", async () => {
  const port = await freePort();
  const client_id = await register(`http://127.0.0.1:${port}/callback`);
  const where = [
    "--url",
    server.url,
    "--client-id",
    client_id,
    "--resource",
    `${server.url}/mcp`,
    "--port",
    String(port),
  ];
  const args = [CONFORMANCE, "authorization", ...where];
  const program = { command: NODE, args, cwd: home, env: { PATH: process.env.PATH, HOME: home }, timeoutMs: 40_000 };
  const { code, output } = await runPrompting(program, AUTHORIZE_URL, async (url) => {
    await fetch(await signInAndAgree(url, ownerPassword()));
  });
  expect(code, output).toBe(0);
  expect(output).toMatch(/authorization-server-metadata-endpoint: [1-9]\d* passed, 0 failed/);
  expect(output).toMatch(/authorization-code-grant: [1-9]\d* passed, 0 failed/);
});

it.each([
  { transport: "http", path: "/mcp" },
  { transport: "sse", path: "/sse" },
])("lets Claude Code in over $transport, by a login in the browser", async ({ transport, path }) => {
  const [name, port] = [`codex-${transport}`, await freePort()];
  // Its own client id is a page at claude.ai, which tests cannot reach.
  const client_id = await register(`http://localhost:${port}/callback`);
  const known = ["--client-id", client_id, "--callback-port", String(port)];
  const added = await claude("mcp", "add", "--transport", transport, ...known, name, `${server.url}${path}`);
  expect(added, added.stderr).toMatchObject({ code: 0 });
  expect((await claude("mcp", "list")).stdout).toMatch(new RegExp(`${name}: .*Needs authentication`));
  const login = inTerminal(CLAUDE, ["mcp", "login", name, "--no-browser"]);
  const program = { ...login, cwd: home, env: { ...claudeEnv(), TERM: "xterm" }, timeoutMs: 40_000 };
  const { code, output } = await runPrompting(program, AUTHORIZE_URL, async (url) => {
    await fetch(await signInAndAgree(url, ownerPassword()));
  });
  expect(code, output).toBe(0);
  expect((await claude("mcp", "list")).stdout).toMatch(new RegExp(`${name}: .*Connected`));
});

it.each([
  { transport: "http", path: "/mcp" },
  { transport: "sse", path: "/sse" },
])("lets the Inspector in over $transport, which registers itself", async ({ transport, path }) => {
  const callback = ["--callback-url", `http://127.0.0.1:${await freePort()}/oauth/callback`];
  const ask = ["--transport", transport, "--method", "tools/list", "--format", "json"];
  const inspector = inTerminal(NODE, [INSPECTOR, "--cli", `${server.url}${path}`, ...ask, ...callback]);
  const env = { PATH: process.env.PATH, HOME: home, TERM: "xterm", MCP_INSPECTOR_SECRET_STORE: "memory" };
  const program = { ...inspector, cwd: home, env, timeoutMs: 40_000 };
  const { code, output } = await runPrompting(program, AUTHORIZE_URL, async (url) => {
    await fetch(await signInAndAgree(url, ownerPassword()));
  });
  expect(code, output).toBe(0);
  expect(output).toContain("get_turn");
});

async function register(redirect: string): Promise<string> {
  const metadata = { client_name: "conformance", redirect_uris: [redirect], token_endpoint_auth_method: "none" };
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(metadata);
  const response = await fetch(`${server.url}/oauth/register`, { method: "POST", headers, body });
  return z.object({ client_id: z.string() }).parse(await response.json()).client_id;
}

function ownerPassword(): string {
  return readFileSync(join(server.scratch.stateDir, "owner-password"), "utf8").trim();
}

function claudeEnv(): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    HOME: home,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
  };
}

function claude(...args: string[]): Promise<Run> {
  const { PATH: _, HOME: __, ...env } = claudeEnv();
  return runProgram(CLAUDE, args, { cwd: home, timeoutMs: 45_000, env: env as Record<string, string> });
}
