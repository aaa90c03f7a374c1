import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { makeScratchDir } from "../../../support/app-server-driver.ts";
import { script } from "../../../support/fake-model/script.ts";
import { kill } from "../../../support/processes.ts";
import { TestRunner } from "../../../support/runner.ts";
import { inDocker } from "../../../support/runner-body.ts";
import { continuing, type TurnRecord, turnSpec } from "../../../support/turn-record.ts";
import { endlessCommand, textOf, untilCommand, useLab } from "./lab.ts";

const lab = useLab();

const CANCELLED = { status: "cancelled", answer: null, error: { code: "cancelled" } };
const TOO_LATE = { status: "failed", answer: null, error: { code: "deadline_exceeded" } };

async function expectNextTurnWorks(first: TurnRecord) {
  const next = await lab.run([{ run: "echo alive" }, { say: "next" }], continuing(first));
  expect(next.settled).toMatchObject({ status: "completed", answer: "next" });
  expect(lab.requestsOf(next).length).toBeGreaterThan(1);
}

describe.each(["gpt-5.5", "gpt-6.1-sol"])("a turn of %s", (model) => {
  it("is cancelled at once, with the command it runs, and the conversation goes on", async () => {
    const { run, name } = endlessCommand();
    const turn = await lab.begin([{ run }, { say: "never" }], { model });
    await untilCommand(name, "runs");
    const cancelledAt = Date.now();
    expect(await lab.runner.cancel(turn.turnId)).toBe(202);
    const record = await turn.settled;
    expect(Date.now() - cancelledAt).toBeLessThan(2_000);
    expect(record.settled).toMatchObject(CANCELLED);
    await untilCommand(name, "is gone");
    await expectNextTurnWorks(record);
  });

  it("is cancelled together with what it left in the background", async () => {
    const { run, name } = endlessCommand();
    const steps = [
      { run, yieldMs: 250 },
      { run: `(${run} &) ; echo started`, yieldMs: 250 },
      { stallMs: 60_000 },
      { say: "never" },
    ];
    const turn = await lab.begin(steps, { model });
    await untilCommand(name, "runs");
    await lab.untilAsked(turn, 3);
    await lab.runner.cancel(turn.turnId);
    expect((await turn.settled).settled).toMatchObject(CANCELLED);
    await untilCommand(name, "is gone");
  });
});

it("cancels a turn while the model thinks, and hangs up on the model", async () => {
  const turn = await lab.begin([{ stallMs: 60_000 }, { say: "never" }]);
  await lab.untilAsked(turn, 1);
  await lab.runner.cancel(turn.turnId);
  const record = await turn.settled;
  expect(record.settled).toMatchObject(CANCELLED);
  await expect.poll(() => lab.requestsOf(record).at(-1)?.connectionClosed).toBe(true);
  await expectNextTurnWorks(record);
});

it("cancels a turn that was posted a moment ago", async () => {
  const spec = turnSpec({ prompt: script({ stallMs: 60_000 }) });
  const posted = lab.runner.runTurn(spec);
  await expect.poll(() => lab.runner.cancel(spec.turn_id), { interval: 1 }).toBe(202);
  expect((await posted).settled).toMatchObject(CANCELLED);
});

it.each([0, 5, 10, 20, 40])("cancels a turn %i ms after its start without harm to Codex", async (delayMs) => {
  const codex = lab.runner.codexPid;
  const turn = await lab.begin([{ stallMs: 60_000 }]);
  await sleep(delayMs);
  await lab.runner.cancel(turn.turnId);
  const record = await turn.settled;
  expect(record.settled).toMatchObject(CANCELLED);
  await expectNextTurnWorks(record);
  expect(lab.runner.codexPid).toBe(codex);
});

it("takes a second cancel without any change", async () => {
  const turn = await lab.begin([{ stallMs: 60_000 }]);
  const answers = await Promise.all([1, 2, 3].map(() => lab.runner.cancel(turn.turnId)));
  expect(answers).toEqual([202, 202, 202]);
  const { events } = await turn.settled;
  expect(events.filter(({ body }) => body.type === "settled")).toHaveLength(1);
});

it("tells the model of the next turn that the last one was stopped", async () => {
  const turn = await lab.begin([{ run: "echo before" }, { stallMs: 60_000 }]);
  await lab.untilAsked(turn, 2);
  await lab.runner.cancel(turn.turnId);
  const next = await lab.run([{ say: "go on" }], continuing(await turn.settled));
  expect(textOf(lab.requestsOf(next).at(-1))).toContain("turn_aborted");
});

it("ends a turn at its deadline, with the command it runs, and the conversation goes on", async () => {
  const { run, name } = endlessCommand();
  const turn = await lab.begin([{ run }, { say: "never" }], { timeout_ms: 1_000 });
  await untilCommand(name, "runs");
  const record = await turn.settled;
  expect(record.settled).toMatchObject(TOO_LATE);
  expect(record.settled.duration_ms).toBeGreaterThanOrEqual(1_000);
  expect(record.settled.duration_ms).toBeLessThan(3_000);
  await untilCommand(name, "is gone");
  await expectNextTurnWorks(record);
});

it("says what changed, also in a turn that was stopped", async () => {
  const turn = await lab.begin([{ run: "echo half > half.txt" }, { stallMs: 60_000 }], { access: "write" });
  await lab.untilAsked(turn, 2);
  await lab.runner.cancel(turn.turnId);
  const { events } = await turn.settled;
  expect(events).toContainEqual(
    expect.objectContaining({
      body: expect.objectContaining({
        type: "workspace",
        changes: expect.objectContaining({ changed_files: [expect.objectContaining({ path: "half.txt" })] }),
      }),
    }),
  );
});

it("kills a Codex that does not obey, and the conversation goes on with another one", async () => {
  const turn = await lab.begin([{ stallMs: 60_000 }]);
  await lab.untilAsked(turn, 1);
  const frozen = lab.runner.codexPid ?? 0;
  kill(frozen, "SIGSTOP");
  await lab.runner.cancel(turn.turnId);
  const record = await turn.settled;
  expect(record.settled).toMatchObject(CANCELLED);
  expect(record.settled.duration_ms).toBeLessThan(8_000);
  await expectNextTurnWorks(record);
  expect(lab.runner.codexPid).not.toBe(frozen);
});

it.skipIf(inDocker)("holds the deadline also while Codex does not come up", async () => {
  const directory = makeScratchDir("codex-");
  const silent = join(directory, "codex");
  writeFileSync(silent, '#!/bin/sh\n[ "$1" = sandbox ] && exit 0\nexec sleep 600\n');
  chmodSync(silent, 0o755);
  const runner = await TestRunner.start({ modelUrl: lab.model.url, env: { CODEX_BINARY: silent } });
  const { settled } = await runner.runTurn(turnSpec({ timeout_ms: 600 }));
  expect(settled).toMatchObject(TOO_LATE);
  const cancelled = turnSpec();
  const posted = runner.runTurn(cancelled);
  await expect.poll(() => runner.cancel(cancelled.turn_id), { interval: 1 }).toBe(202);
  expect((await posted).settled).toMatchObject(CANCELLED);
  await runner.stop();
  rmSync(directory, { recursive: true });
});
