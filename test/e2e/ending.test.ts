// However the dev server ends, and whatever is at work then, nothing of it stays behind.
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { DevServer, type DevServerOptions } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { script } from "../support/fake-model/script.ts";
import { commandLine, kill } from "../support/processes.ts";
import { connectV1 } from "./clients.ts";
import { portOf, socketsOf } from "./sockets.ts";

let model: FakeModel;

beforeAll(async () => {
  model = await startFakeModel();
});

afterAll(async () => {
  await model?.close();
});

describe.concurrent("with a command of Codex at work", () => {
  it.for([
    { signal: "SIGINT", ends: 0 },
    { signal: "SIGTERM", ends: 0 },
    { signal: "SIGKILL", ends: "SIGKILL" },
  ] as const)(
    "$signal ends every process and frees every port",
    { timeout: 60_000 },
    async ({ signal, ends }, test) => {
      const { expect } = test;
      const { server, ports } = await startAtWork(test);
      server.signal(signal);
      expect(await server.exited).toBe(ends);
      expect(await server.leftovers()).toEqual([]);
      expect(await stillOpen(ports)).toEqual([]);
    },
  );

  it.for(["SIGTERM", "SIGKILL"] as const)(
    "%s to npm ends what npm started",
    { timeout: 60_000 },
    async (signal, test) => {
      const { expect } = test;
      const { server, ports } = await startAtWork(test, { viaNpm: true });
      kill(server.pid, signal);
      expect(await server.leftovers()).toEqual([]);
      expect(await stillOpen(ports)).toEqual([]);
    },
  );

  it("a Worker that keeps ending ends the server with a clear message", { timeout: 60_000 }, async (test) => {
    const { expect } = test;
    const server = await start(test);
    for (let round = 0; round < 4; round += 1) {
      await server.untilServing();
      const wrangler = server.pidOf("wrangler-dist/cli.js");
      kill(wrangler, "SIGKILL");
      await expect.poll(() => server.processes(), { timeout: 5_000 }).not.toContain(wrangler);
    }
    expect(await server.exited).toBe(1);
    expect(server.lines.at(-1)).toMatch(/^wrangler dev keeps ending, at last with code 137\. .*start again\.$/);
    expect(await server.leftovers()).toEqual([]);
  });
});

it("ends at once when it is interrupted while it starts", async ({ onTestFinished }) => {
  const server = await DevServer.launch({ env: { OPENAI_BASE_URL: model.url } });
  onTestFinished(() => server.kill());
  const parts = () => server.processes().map(commandLine).join("\n");
  await expect.poll(parts, { timeout: 15_000 }).toContain("wrangler-dist/cli.js");
  server.signal("SIGINT");
  expect(await server.exited).toBe(0);
  expect(server.output).not.toContain("is ready");
  expect(await server.leftovers()).toEqual([]);
});

async function start({ onTestFinished }: TestContext, options: DevServerOptions = {}): Promise<DevServer> {
  const server = await DevServer.start({ ...options, env: { OPENAI_BASE_URL: model.url } });
  onTestFinished(() => server.kill());
  return server;
}

/** Resolves when a command of Codex runs. */
async function startAtWork(test: TestContext, options: DevServerOptions = {}) {
  const { expect } = test;
  const server = await start(test, options);
  const session = await connectV1(server);
  const message = `Sleep. ${script({ run: "sleep 617" }, { answer: {} })}`;
  await session.call("chat", { message, wait_seconds: 0 });
  await session.close();
  const commands = () => server.processes().filter((pid) => commandLine(pid) === "sleep 617");
  await expect.poll(() => commands().length, { timeout: 15_000 }).toBeGreaterThan(0);
  const listening = socketsOf(server.processes()).filter(({ isListening }) => isListening);
  const ports = listening.map(({ local }) => portOf(local));
  expect(ports).toContain(server.port);
  return { server, ports };
}

async function stillOpen(ports: readonly number[]): Promise<number[]> {
  const answers = await Promise.all(ports.map(async (port) => ((await accepts(port)) ? [port] : [])));
  return answers.flat();
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
