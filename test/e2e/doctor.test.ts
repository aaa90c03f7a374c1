// `npm run doctor` against servers that are well, and such that are not.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { runProgram } from "../support/mcp-program.ts";

const ROOT = resolve(import.meta.dirname, "../..");

let model: FakeModel;
let server: DevServer;

beforeAll(async () => {
  model = await startFakeModel();
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url } });
});

afterAll(async () => {
  await server?.stop();
  await model?.close();
});

function doctor(args: readonly string[], token: string | undefined = server.token) {
  const env = token === "" ? {} : { SERVER_TOKEN: token };
  const program = join(ROOT, "src/cli/doctor/main.ts");
  return runProgram(process.execPath, [program, ...args], { cwd: server.scratch.home, timeoutMs: 45_000, env });
}

async function sessions(): Promise<unknown> {
  const headers = { authorization: `Bearer ${server.token}` };
  return (await fetch(`${server.url}/tools/list_sessions`, { headers })).json();
}

it("finds nothing wrong with a server that works, and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await doctor([server.url]);
  expect(stderr).toBe("");
  const lines = stdout.trim().split("\n");
  expect(lines.slice(0, -1)).toEqual([
    expect.stringMatching(/^✓ server answers: version /),
    expect.stringMatching(/^✓ sign-in metadata: .*\/authorize$/),
    expect.stringMatching(/^✓ closed without a token: 401/),
    expect.stringMatching(/^✓ parts: ok: storage, registry, container runtime, model credentials/),
    "✓ a turn: Codex answered",
    "✓ a turn after sleep: woke in a new container, in the same conversation",
  ]);
  // The stand-in for the model runs no command that its script does not name.
  expect(lines.at(-1)).toMatch(/^\? no way out to the internet: Codex did not run/);
  expect(code).toBe(0);
  expect(await sessions()).toMatchObject({ total: 0 });
});

it("starts no turn where it is told not to", async () => {
  const { code, stdout } = await doctor([server.url, "--no-turns"]);
  expect([code, stdout.trim().split("\n").length]).toEqual([0, 4]);
  expect(await sessions()).toMatchObject({ total: 0 });
});

it("says which token it needs", async () => {
  const { code, stdout } = await doctor([server.url, "--no-turns"], "not-the-token");
  expect(code).toBe(1);
  expect(stdout).toContain("✗ parts: The server does not know the token.");
});

it.each([[[]], [["nonsense"]], [["http://localhost:1", "--what"]]])("explains itself to %j", async (args) => {
  const { code, stderr } = await doctor(args);
  expect([code, stderr]).toEqual([1, expect.stringContaining("npm run doctor -- <url>")]);
});

it("says what is missing where there is no token, and where there is no server", async () => {
  expect(await doctor([server.url], "")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("SERVER_TOKEN is not set"),
  });
  const nowhere = await doctor(["http://localhost:1", "--no-turns"]);
  expect([nowhere.code, nowhere.stdout]).toEqual([
    1,
    expect.stringContaining("✗ server answers: http://localhost:1 cannot be reached."),
  ]);
});

it("tells another server from this one", async () => {
  const other = createServer((_, response) => response.end("<h1>Welcome</h1>")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo; // a TCP server that listens has one
  const { code, stdout } = await doctor([`http://127.0.0.1:${port}`, "--no-turns"]);
  other.close();
  expect([code, stdout]).toEqual([1, expect.stringContaining("Is this the server's address?")]);
});
