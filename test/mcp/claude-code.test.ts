// The real Claude Code adds this server as a user does, lists its tools, and calls one. Only its model is a stand-in.
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeScratchDir } from "../support/app-server-driver.ts";
import { DevServer } from "../support/dev-server.ts";
import { type FakeAnthropic, startFakeAnthropic } from "../support/fake-anthropic.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { type Run, runProgram } from "../support/mcp-program.ts";

/** The binary itself: the package's own `claude` is put in place by an install script, which npm may be told not to run. */
const PACKAGE = `node_modules/@anthropic-ai/claude-code-${process.platform}-${process.arch}`;
const CLAUDE = join(resolve(import.meta.dirname, "../.."), PACKAGE, "claude");

let model: FakeModel;
let server: DevServer;
let home: string;

beforeAll(async () => {
  model = await startFakeModel();
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url, CODEX_APPROVAL_MODE: "suggest" } });
});

afterAll(async () => {
  await server?.stop();
  await model?.close();
});

describe.each([
  { transport: "http", path: "/mcp" },
  { transport: "sse", path: "/sse" },
])("claude mcp add --transport $transport", ({ transport, path }) => {
  beforeAll(() => {
    home = makeScratchDir("claude-code-");
  });

  afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

  it("connects", async () => {
    const header = `Authorization: Bearer ${server.token}`;
    const add = ["mcp", "add", "--transport", transport, "codex", `${server.url}${path}`, "--header", header];
    expect(await claude(add)).toMatchObject({ code: 0 });
    const { stdout } = await claude(["mcp", "list"]);
    expect(stdout).toMatch(/codex: \S+ .*Connected/);
  });

  it("offers the tools to the model, and brings it a tool's result", async () => {
    const message = `Hello. ${script({ answer: { response: "Greetings to Claude." } })}`;
    const api = await use("chat", { agent_id: `claude-${transport}`, message });
    const names = ["plan", "implement", "review", "fix", "chat", "audit", "debug", "get_turn", "cancel_turn"];
    expect([...api.offered]).toEqual(expect.arrayContaining(names.map((name) => `mcp__codex__${name}`)));
    expect(api.results.join("\n")).toContain("Greetings to Claude.");
  });

  it("tells the model what waits for approval where nobody sits before it", async () => {
    const patch = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n";
    const task = `Write. ${script({ patch }, { answer: {} })}`;
    const agent_id = `claude-asked-${transport}`;
    const api = await use("implement", { agent_id, task, target_files: ["new.txt"], model: "gpt-5.5" });
    expect(api.results).toEqual([expect.stringMatching(/awaiting_approval.*new\.txt.*answer_approval/s)]);
  });
});

/** Lets Claude Code's model call the tool once. */
async function use(tool: string, input: object): Promise<FakeAnthropic> {
  const name = `mcp__codex__${tool}`;
  const api = await startFakeAnthropic({ name, input });
  const prompt = ["-p", "Ask Codex.", "--allowedTools", name];
  const run = await claude(prompt, { ANTHROPIC_BASE_URL: api.url, ANTHROPIC_API_KEY: "sk-ant-of-the-tests" });
  api.close();
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("FINISHED") });
  return api;
}

/** In a home of its own, and without any traffic but to the server and the stand-in. */
function claude(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const quiet = {
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    ENABLE_TOOL_SEARCH: "false",
  };
  return runProgram(CLAUDE, args, { cwd: home, timeoutMs: 45_000, env: { ...quiet, ...env } });
}
