// How a runner comes and goes. Every test proves that no process is left: dispose() throws where one is.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeScratchDir } from "../../../support/app-server-driver.ts";
import { type FakeModel, startFakeModel } from "../../../support/fake-model/fake-model.ts";
import { script } from "../../../support/fake-model/script.ts";
import { descendantsOf, kill } from "../../../support/processes.ts";
import { TestRunner } from "../../../support/runner.ts";
import { turnSpec } from "../../../support/turn-record.ts";
import { beginTurn, endlessCommand, untilCommand } from "./lab.ts";

const main = resolve(import.meta.dirname, "../../../../container/runner/main.ts");

let model: FakeModel;
beforeAll(async () => {
  model = await startFakeModel();
});
afterAll(() => model.close());

/** A runner with a turn whose command goes on for hours, and a second command in the background. */
async function startBusyRunner(env: Record<string, string>): Promise<TestRunner> {
  const runner = await TestRunner.start({ modelUrl: model.url, env });
  const background = endlessCommand();
  const foreground = endlessCommand();
  const prompt = script({ run: background.run, yieldMs: 250 }, { run: foreground.run });
  const turn = await beginTurn(runner, turnSpec({ prompt, access: "write" }));
  turn.settled.catch(() => {}); // its stream breaks off with the runner
  await untilCommand(background.name, "runs");
  await untilCommand(foreground.name, "runs");
  return runner;
}

describe.each(["codex", "off"])("with SANDBOX=%s", (SANDBOX) => {
  it.each([
    ["the end of its stdin", (runner: TestRunner) => runner.child.stdin?.end(), 0],
    ["SIGTERM", (runner: TestRunner) => kill(runner.pid, "SIGTERM"), 0],
  ])("a busy runner ends by %s, with Codex and all its commands", async (_, end, code) => {
    const runner = await startBusyRunner({ SANDBOX });
    expect(descendantsOf(runner.pid).length).toBeGreaterThan(2);
    const endedAt = Date.now();
    end(runner);
    expect(await runner.exited).toBe(code);
    expect(Date.now() - endedAt).toBeLessThan(3_000);
    await runner.dispose();
  });
});

describe("a turn at work when its runner is told to end", () => {
  it.each([
    ["is interrupted, and its followers are told", "0", { status: "interrupted", error: { code: "container_lost" } }],
    ["may finish within its grace", "10", { status: "completed", answer: "finished" }],
    ["is interrupted when its grace is over", "1", { status: "interrupted", error: { code: "container_lost" } }],
  ])("%s", async (_, DRAIN_SECONDS, expected) => {
    const runner = await TestRunner.start({ modelUrl: model.url, env: { DRAIN_SECONDS } });
    const prompt = script({ run: "sleep 2" }, { say: "finished" });
    const turn = await beginTurn(runner, turnSpec({ prompt }));
    kill(runner.pid, "SIGTERM");
    await expect.poll(async () => (await runner.health().catch(() => undefined))?.draining).not.toBe(false);
    expect((await turn.settled).settled).toMatchObject(expected);
    expect(await runner.exited).toBe(0);
    await runner.dispose();
  });
});

it("ends with what a command has detached from everything", async () => {
  const runner = await TestRunner.start({ modelUrl: model.url, env: { SANDBOX: "off" } });
  const { run, name } = endlessCommand();
  // What has not detached itself yet ends with the turn.
  const detach = `setsid nohup ${run} > /dev/null 2>&1 < /dev/null & sleep 0.5`;
  await runner.runTurn(turnSpec({ prompt: script({ run: detach }, { say: "started" }), access: "write" }));
  await untilCommand(name, "runs");
  await runner.stop();
  await untilCommand(name, "is gone");
});

it("ends in good order when whoever started it is gone with both ends of its pipes", async () => {
  const runner = await startBusyRunner({ SANDBOX: "off" });
  runner.child.stdout?.destroy();
  runner.child.stderr?.destroy();
  runner.child.stdin?.end();
  expect(await runner.exited).toBe(0);
  await runner.dispose();
});

it("an idle runner ends by SIGINT", async () => {
  const runner = await TestRunner.start({ modelUrl: model.url });
  await runner.runTurn(turnSpec());
  kill(runner.pid, "SIGINT");
  expect(await runner.exited).toBe(0);
  await runner.dispose();
});

it("ends while Codex is still starting", async () => {
  const runner = await TestRunner.start({ modelUrl: model.url });
  await runner.stop();
  expect(await runner.exited).toBe(0);
});

it("lives on without any stdin, as in a container", async () => {
  const dataDir = makeScratchDir("runner-");
  const env = { ...settings(dataDir), PATH: process.env.PATH };
  const child = spawn(process.execPath, [main], { stdio: ["ignore", "pipe", "inherit"], env });
  await untilReady(child);
  await sleep(300);
  expect(child.exitCode).toBeNull();
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  rmSync(dataDir, { recursive: true });
});

it("forgets its scratch space at every start and keeps the rest", async () => {
  const dataDir = makeScratchDir("runner-");
  const run = "echo kept > file.txt; echo lost > $TMPDIR/file.txt; cat file.txt $TMPDIR/file.txt";
  const first = await TestRunner.start({ modelUrl: model.url, dataDir });
  await first.runTurn(turnSpec({ prompt: script({ run }, { say: "written" }), access: "write" }));
  await first.stop();
  const second = await TestRunner.start({ modelUrl: model.url, dataDir });
  const look = script({ run: "cat file.txt; ls $TMPDIR/file.txt || echo nothing-there" }, { say: "seen" });
  const { events } = await second.runTurn(turnSpec({ prompt: look, access: "write" }));
  await second.stop();
  const told = JSON.stringify(events);
  expect(told).toContain("kept\\n");
  expect(told).toContain("nothing-there\\n");
  rmSync(dataDir, { recursive: true });
});

it("says which setting stops its start", async () => {
  const env = { LOG_LEVEL: "LOUD", PORT: "70000" };
  const started = TestRunner.start({ modelUrl: model.url, dataDir: "/nonexistent", env });
  await expect(started).rejects.toThrow(/ended with 1: The runner cannot start:.*PORT.*LOG_LEVEL/s);
});

it("says that its port is taken", async () => {
  const runner = await TestRunner.start({ modelUrl: model.url });
  const PORT = new URL(runner.url).port;
  await expect(TestRunner.start({ modelUrl: model.url, env: { PORT } })).rejects.toThrow("EADDRINUSE");
  await runner.stop();
});

function settings(dataDir: string) {
  const tokens = { RUNNER_TOKEN: "x".repeat(40), MODEL_TOKEN: "m", INCARNATION: "inc", MODEL_BASE_URL: model.url };
  return { ...tokens, DATA_DIR: dataDir, LISTEN_HOST: "127.0.0.1", PORT: "0" };
}

async function untilReady(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("the runner has no stdout");
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ready":true')) return;
}
