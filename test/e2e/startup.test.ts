// What a developer sees when the server starts, or does not: the banner, the credential that was found, and clear refusals.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { freePort } from "../../src/cli/dev/ports.ts";
import { API_KEY, DevServer, Scratch } from "../support/dev-server.ts";
import { startFakeAccounts } from "../support/fake-accounts/start.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { completed, connectV1 } from "./clients.ts";

const FOUND_KEY = "sk-found-in-a-file-0123456789";

let model: FakeModel;

beforeAll(async () => {
  model = await startFakeModel();
});

afterAll(async () => {
  await model?.close();
});

describe("the banner of npm run dev", () => {
  let server: DevServer;
  let readyAfterMs: number;

  beforeAll(async () => {
    const launchedAt = Date.now();
    server = await DevServer.start({ viaNpm: true, env: { OPENAI_BASE_URL: model.url } });
    readyAfterMs = Date.now() - launchedAt;
  });

  afterAll(async () => {
    await server?.stop();
  });

  it("is there within 30 seconds and names the URL that answers", async () => {
    expect(readyAfterMs).toBeLessThan(30_000);
    expect(server.output).toContain(`Persistent Codex is ready at ${server.url}`);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  it("says where agents run and why, which credential is used, and where the state is", () => {
    expect(server.output).toMatch(/Runtime +local processes \(RUNTIME=host\)/);
    expect(server.output).toMatch(/Credential +API key from OPENAI_API_KEY/);
    expect(server.output).toContain(server.scratch.stateDir);
  });

  it("says what holds commands here, and that rules about hosts do not: in the host's log as well", () => {
    expect(server.output).toContain("Codex's own sandbox, as your user");
    expect(server.output).toContain("EGRESS_ALLOWED_HOSTS needs containers: here the sandbox reaches no host");
    const said = server.lines.find((line) => line.startsWith("{") && line.includes("EGRESS_ALLOWED_HOSTS"));
    expect(JSON.parse(said ?? "null")).toMatchObject({ part: "host", sandbox: "codex" });
  });

  it("has a line for Claude Code whose URL and token work", async () => {
    const line = server.lines.find((candidate) => candidate.includes("claude mcp add"));
    const [, url = "", token = ""] =
      /^ *claude mcp add --transport http codex (\S+)\/mcp --header "Authorization: Bearer (\S+)"$/.exec(line ?? "") ??
      [];
    const session = await connectV1({ url, token });
    completed(await session.call("chat", { message: "Hello." }));
    await session.close();
  });

  it("is not buried: nothing but log lines and the banner is printed", async () => {
    const others = server.lines.filter((line) => !line.startsWith("{") && !line.startsWith("npm "));
    const first = others.findIndex((line) => line.includes("is ready at"));
    const last = others.findIndex((line) => line.includes("Ctrl-C ends it."));
    expect(others.slice(0, first).filter((line) => !/^(?:|> .*)$/.test(line))).toEqual([]);
    expect(others.slice(last + 1).filter((line) => line !== "")).toEqual([]);
  });

  it("is refused to a second server with the same state, which says how to have both", async () => {
    const second = await DevServer.launch({ scratch: server.scratch, env: { OPENAI_BASE_URL: model.url } });
    expect(await second.exited).toBe(1);
    expect(second.output).toContain(`${server.scratch.stateDir} is in use by the dev server on port ${server.port}`);
    expect(second.output).toContain(`PORT=${second.port} STATE_DIR=.state-${second.port} npm run dev`);
    await server.untilServing();
  });

  it("holds no secret but the dev token, and that in one line only", async () => {
    const session = await connectV1(server);
    completed(await session.call("chat", { message: "Say nothing secret." }));
    await session.close();
    expect(server.output).not.toContain(API_KEY);
    expect(server.lines.filter((line) => line.includes(server.token))).toEqual([
      expect.stringContaining("claude mcp add"),
    ]);
  });
});

describe.concurrent("the credential", () => {
  it.for([
    { where: "~/.codex/auth.json", directory: ".codex", vars: "" },
    { where: "the CODEX_AUTH_DIR of .dev.vars", directory: "elsewhere", vars: "CODEX_AUTH_DIR=~/elsewhere\n" },
  ])("is found in $where and used", { timeout: 60_000 }, async ({ directory, vars }, test) => {
    const { expect } = test;
    const scratch = new Scratch();
    const path = writeAuthFile(scratch, directory, JSON.stringify({ OPENAI_API_KEY: FOUND_KEY, tokens: null }));
    writeFileSync(join(scratch.home, ".dev.vars"), vars);
    const server = await start(test, scratch);
    expect(server.output).toMatch(new RegExp(`Credential +API key from ${path}`));
    expect(server.output).not.toContain(FOUND_KEY);
    const message = `Whose key is ${directory}?`;
    const session = await connectV1(server);
    completed(await session.call("chat", { message }));
    await session.close();
    const [request] = model.requests.filter(({ promptText }) => promptText.includes(message));
    expect(request?.headers.authorization).toBe(`Bearer ${FOUND_KEY}`);
  });

  it("may be the ChatGPT login of this machine, renewed in its own file", { timeout: 60_000 }, async (test) => {
    const { expect } = test;
    const fake = await startFakeAccounts();
    test.onTestFinished(() => fake.close());
    const account = fake.accounts.add({ access_ttl_s: 60, model_url: model.url });
    const scratch = new Scratch();
    const path = writeAuthFile(scratch, ".codex", JSON.stringify(account.authJson()));
    account.behaviour.access_ttl_s = 3_600;
    const server = await start(test, scratch, { OPENAI_AUTH_URL: fake.authUrl, CHATGPT_BASE_URL: fake.chatGptUrl });
    expect(server.output).toMatch(new RegExp(`Credential +ChatGPT login from ${path}`));
    const session = await connectV1(server);
    completed(await session.call("chat", { message: "Whose plan is this?" }));
    await session.close();
    const headersOfCaller = { authorization: `Bearer ${server.token}` };
    const health = await fetch(`${server.url}/tools/health_check`, { headers: headersOfCaller });
    expect(await health.text()).toContain("ChatGPT plus: 12 % of 5 hours used");
    expect(account.record).toMatchObject({ refreshes: 1, reuses: 0 });
    const { tokens } = JSON.parse(readFileSync(path, "utf8"));
    const { headers } = account.record.requests.find((request) => request.path === "/codex/responses") ?? {};
    expect(headers).toMatchObject({ authorization: `Bearer ${tokens.access_token}`, "chatgpt-account-id": account.id });
    expect(server.output).not.toContain(tokens.refresh_token);
    expect(scratchText(scratch)).not.toContain(tokens.refresh_token);
  });

  it("may be missing: the banner says what to do, and a chat fails at once", { timeout: 60_000 }, async (test) => {
    const { expect } = test;
    const scratch = new Scratch();
    writeAuthFile(scratch, ".codex", JSON.stringify({ tokens: { access_token: "secret-access-token" } }));
    const server = await start(test, scratch);
    expect(server.output).toMatch(
      /Credential +none \(.*auth\.json.*names no ChatGPT account.*\)\. Run `npm run login`, or/,
    );
    expect(server.output).not.toContain("secret-access-token");
    const session = await connectV1(server);
    const askedAt = Date.now();
    const { envelope, isError, text } = await session.call("chat", { message: "Hello?" });
    expect(Date.now() - askedAt).toBeLessThan(10_000);
    expect(envelope).toMatchObject({ status: "failed", error: { code: "no_credential", retryable: false } });
    expect(isError).toBe(true);
    expect(text).toContain("OPENAI_API_KEY");
    await session.close();
  });

  async function start({ onTestFinished }: TestContext, scratch: Scratch, env = {}): Promise<DevServer> {
    onTestFinished(() => scratch.remove());
    const server = await DevServer.start({ scratch, env: { OPENAI_API_KEY: "", OPENAI_BASE_URL: model.url, ...env } });
    onTestFinished(() => server.kill());
    return server;
  }
});

describe.concurrent("a start that cannot succeed", () => {
  it.for([
    { name: "PORT", value: "http", allowed: "a whole number from 1 to 65535" },
    { name: "PORT", value: "70000", allowed: "a whole number from 1 to 65535" },
    { name: "RUNTIME", value: "podman", allowed: "one of auto, host, docker" },
    { name: "HOST_SANDBOX", value: "maybe", allowed: "one of codex, off" },
    { name: "LOG_LEVEL", value: "verbose", allowed: "one of DEBUG, INFO, WARN, ERROR" },
    { name: "TURN_WAIT_SECONDS", value: "-1", allowed: "a whole number from 0 to 3600" },
    { name: "OPENAI_BASE_URL", value: "api.openai.com", allowed: "an http or https URL" },
  ])("names $name=$value and what is allowed, and starts nothing", async ({ name, value, allowed }, { expect }) => {
    const server = await refusedStart({ [name]: value });
    expect(server.output.trim()).toBe(`${name}="${value}" is not allowed: it must be ${allowed}.`);
    expect(existsSync(server.scratch.stateDir)).toBe(false);
  });

  it("does not show the value of a bad secret", async ({ expect }) => {
    const { output } = await refusedStart({ DEV_TOKEN: "two words" });
    expect(output).toContain("DEV_TOKEN=(hidden) is not allowed");
    expect(output).not.toContain("two words");
  });

  it("names every bad variable at once", async ({ expect }) => {
    const { output } = await refusedStart({ RUNTIME: "podman", LOG_LEVEL: "verbose" });
    expect(output).toContain("RUNTIME=");
    expect(output).toContain("LOG_LEVEL=");
  });

  it.for(["127.0.0.1", "::1"])(
    "says that the port is in use on %s, and how to take another",
    async (address, { expect }) => {
      const port = await freePort();
      const occupant = createServer().listen(port, address);
      const { output } = await refusedStart({ PORT: String(port) });
      occupant.close();
      const [, suggested] = /PORT=(\d+) npm run dev/.exec(output) ?? [];
      expect(output).toContain(`Port ${port} is in use.`);
      expect(Number(suggested)).toBeGreaterThan(port);
    },
  );

  it("says that Docker does not run where it is insisted on", async ({ expect }) => {
    const { output } = await refusedStart({ RUNTIME: "docker", DOCKER_HOST: "unix:///nonexistent.sock" });
    expect(output).toMatch(/RUNTIME=docker needs Docker: Docker is (?:not installed|installed but not running)\./);
    expect(output).toContain("RUNTIME=host");
  });

  async function refusedStart(env: Record<string, string>): Promise<DevServer> {
    const server = await DevServer.launch({ env: { OPENAI_BASE_URL: model.url, ...env } });
    const code = await Promise.race([server.exited, sleep(20_000, "no exit")]);
    const left = await server.leftovers();
    await server.kill();
    expect({ code, left }).toEqual({ code: 1, left: [] });
    return server;
  }
});

function writeAuthFile(scratch: Scratch, directory: string, content: string): string {
  mkdirSync(join(scratch.home, directory));
  const path = join(scratch.home, directory, "auth.json");
  writeFileSync(path, content);
  return path;
}

/** Every file of the server's state, in one text. */
function scratchText({ stateDir }: Scratch): string {
  const files = readdirSync(stateDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n");
}
