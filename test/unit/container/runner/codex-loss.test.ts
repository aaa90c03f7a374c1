import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { kill } from "../../../support/processes.ts";
import { TestRunner } from "../../../support/runner.ts";
import { inDocker } from "../../../support/runner-body.ts";
import { bodiesOf, continuing, rolloutOf, turnSpec } from "../../../support/turn-record.ts";
import { beginTurn, endlessCommand, killIdleCodex, textOf, untilCommand, useLab } from "./lab.ts";

const lab = useLab();

const LOST = { status: "interrupted", answer: null, error: { code: "codex_died" } };

describe("when Codex is killed in the middle of a turn", () => {
  it("the turn is interrupted, and the conversation goes on in a new Codex with all that was said", async () => {
    const { run, name } = endlessCommand();
    const first = await lab.run([{ say: "an early answer" }]);
    const restarts = (await lab.runner.health()).app_server_restarts;
    const turn = await lab.begin([{ run: "echo done-before" }, { run }], continuing(first));
    await untilCommand(name, "runs");
    const former = lab.runner.codexPid ?? 0;
    kill(former, "SIGKILL");
    const lost = await turn.settled;
    expect(lost.settled).toMatchObject(LOST);
    await untilCommand(name, "is gone");

    const next = await lab.run([{ say: "a late answer" }], continuing(first, lost));
    expect(next.settled).toMatchObject({ status: "completed", answer: "a late answer" });
    const asked = textOf(lab.requestsOf(next).at(-1));
    for (const text of ["an early answer", "done-before"]) expect(asked).toContain(text);
    expect(lab.runner.codexPid).not.toBe(former);
    expect(await lab.runner.health()).toMatchObject({
      status: "ok",
      app_server: "ready",
      app_server_restarts: restarts + 1,
    });
    const size = Buffer.byteLength(rolloutOf(first, lost));
    expect(bodiesOf(next, "rollout")[0]?.offset).toBe(size);
  });

  it("the turn is not run again", async () => {
    const turn = await lab.begin([{ stallMs: 60_000 }]);
    await lab.untilAsked(turn, 1);
    kill(lab.runner.codexPid ?? 0, "SIGKILL");
    const lost = await turn.settled;
    await expect.poll(async () => (await lab.runner.health()).app_server).toBe("ready");
    await sleep(200);
    expect(lab.requestsOf(lost)).toHaveLength(1);
    expect((await lab.runner.health()).active_turn).toBeNull();
  });
});

it("starts Codex again when it dies between two turns", async () => {
  const first = await lab.run([{ say: "before" }]);
  await killIdleCodex(lab.runner);
  const second = await lab.run([{ say: "after" }], continuing(first));
  expect(second.settled).toMatchObject({ status: "completed", answer: "after" });
  expect(textOf(lab.requestsOf(second).at(-1))).toContain("before");
});

describe("without a Codex binary", () => {
  it("turns fail at once, the runner is degraded, and knows no models", async () => {
    const runner = await TestRunner.start({ modelUrl: lab.model.url, env: { CODEX_BINARY: "/nonexistent" } });
    const { settled, events } = await runner.runTurn(turnSpec());
    expect(settled).toMatchObject({ status: "failed", answer: null, error: { code: "codex_missing" } });
    expect(events).toHaveLength(1);
    expect(await runner.health()).toMatchObject({ status: "degraded", app_server: "down", codex_version: null });
    expect(await runner.models()).toEqual([]);
    await runner.stop();
  });
});

describe("with a Codex that always ends at once", () => {
  it("turns are interrupted, the runner is degraded, and ends cleanly", async () => {
    const env = { CODEX_BINARY: "/bin/true" };
    const runner = await TestRunner.start({ modelUrl: lab.model.url, env });
    expect((await runner.runTurn(turnSpec())).settled).toMatchObject(LOST);
    await expect.poll(async () => (await runner.health()).status).toBe("degraded");
    await runner.stop();
  });
});

it.skipIf(inDocker)("runs no turn where the sandbox does not work", async () => {
  const runner = await TestRunner.start({ modelUrl: lab.model.url, env: { CODEX_BINARY: "/bin/false" } });
  const { settled } = await (await beginTurn(runner, turnSpec())).settled;
  expect(settled).toMatchObject({ status: "failed", error: { code: "sandbox_unavailable" } });
  await runner.stop();
});
