// What agents must not get and where they must not go: the credential stays in the Worker, and Codex talks to the gateway only.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { API_KEY, DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { commandLine, descendantsOf } from "../support/processes.ts";
import { completed, connectV1 } from "./clients.ts";
import { socketsOf } from "./sockets.ts";

/** Optional, and no dependency of this project. */
const TRACER = "strace";

let model: FakeModel;
let server: DevServer;

beforeAll(async () => {
  model = await startFakeModel({ apiKey: API_KEY });
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url } });
});

afterAll(async () => {
  await server?.stop();
  await model?.close();
});

it("gives the API key to no process host, runner, Codex or command, and shows it on no command line", async () => {
  const session = await connectV1(server);
  const call = session.call("chat", { message: `Rest. ${script({ run: "sleep 1.5" }, { answer: {} })}` });
  const programs = () => server.processes().map(commandLine);
  await expect.poll(programs, { timeout: 10_000 }).toContain("sleep 1.5");
  const below = descendantsOf(server.pidOf("container/host/main.ts"));
  const running = below.map(commandLine).join("\n");
  for (const part of ["host/main.ts", "dist/runner.cjs", " app-server ", "sleep 1.5"]) expect(running).toContain(part);
  expect(below.filter((pid) => environment(pid).includes(API_KEY)).map(commandLine)).toEqual([]);
  expect(programs().filter((program) => program.includes(API_KEY))).toEqual([]);
  // The Worker has it: the search can find it.
  expect(environment(server.pidOf("wrangler-dist/cli.js"))).toContain(API_KEY);
  completed(await call);
  await session.close();
});

it("lets no command of an agent see a process that holds the API key", async () => {
  const run =
    "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -q '^HOME=' && ! grep -l ^.*OPENAI_API /proc/[0-9]*/environ";
  const session = await connectV1(server);
  const task = `Look around. ${script({ run }, { answer: {} })}`;
  const { evidence } = completed(await session.call("implement", { task, target_files: [] }));
  await session.close();
  expect(evidence.commands.map(({ exit_code }) => exit_code)).toEqual([0]);
  const [, request] = model.requests.filter(({ promptText }) => promptText.includes("Look around."));
  expect(JSON.stringify(request?.body)).not.toContain(API_KEY);
});

it("writes the API key to no file", async () => {
  const session = await connectV1(server);
  completed(await session.call("chat", { message: "Write this-sentence down." }));
  await session.close();
  const files = filesBelow(server.scratch.home);
  const holding = (text: string) => files.filter((path) => readFileSync(path).includes(text));
  expect(holding(API_KEY)).toEqual([]);
  // The conversation is there: the search can find it.
  expect(holding("this-sentence")).not.toEqual([]);
});

it("sends the model API nothing but POST /v1/responses", () => {
  const asked = model.requests.map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(asked)]).toEqual(["POST /v1/responses"]);
});

it("connects Codex to the model gateway and to nothing else", async () => {
  const session = await connectV1(server);
  const call = session.call("chat", { agent_id: "watched", message: `Think. ${script({ stallMs: 1_500 })}` });
  const seen = new Set<string>();
  const look = setInterval(() => {
    for (const socket of socketsOf(codexProcesses())) if (!socket.isListening) seen.add(socket.remote);
  }, 20);
  completed(await call);
  clearInterval(look);
  await session.close();
  expect([...seen]).toEqual([`127.0.0.1:${server.port}`]);
});

// The sockets above are looked at now and then; a trace misses nothing, but not every machine permits it.
it.runIf(canTrace())("lets nothing below the process host as much as try another address", async () => {
  const trace = join(server.scratch.home, "connects");
  const host = server.pidOf("container/host/main.ts");
  const strace = spawn(TRACER, ["-f", "-e", "trace=connect", "-o", trace, "-p", String(host)]);
  await once(strace.stderr, "data");
  const session = await connectV1(server);
  const message = `Try. ${script({ run: "echo tried" }, { answer: {} })}`;
  completed(await session.call("chat", { agent_id: "traced", message }));
  await session.close();
  strace.kill("SIGINT");
  await once(strace, "exit");
  const targets = [...readFileSync(trace, "utf8").matchAll(/AF_INET6?, sin6?_port=htons\((\d+)\).*?"([\d.:a-f]+)"/g)];
  expect([...new Set(targets.map(([, port, address]) => `${address}:${port}`))]).toEqual([`127.0.0.1:${server.port}`]);
});

function codexProcesses(): number[] {
  const below = descendantsOf(server.pidOf("container/host/main.ts"));
  return below.filter((pid) => commandLine(pid).includes("@openai/codex"));
}

function environment(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, "utf8");
}

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** Whether this user may trace a process that is not its child. */
function canTrace(): boolean {
  const probe = `sleep 1 & timeout 0.3 ${TRACER} -p $! 2>&1 | grep -q attached`;
  return spawnSync("sh", ["-c", probe]).status === 0;
}
