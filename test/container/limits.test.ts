// What a turn can use up: the command or the turn fails, and the agent lives.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bodiesOf, continuing, type TurnRecord } from "../support/turn-record.ts";
import { textOf, useLab } from "../unit/container/runner/lab.ts";

const lab = useLab();

async function expectAgentLives(turn: TurnRecord): Promise<void> {
  const next = await lab.run([{ run: "echo alive" }, { say: "next" }], { access: "write", ...continuing(turn) });
  expect(next.settled).toMatchObject({ status: "completed", answer: "next" });
  expect(bodiesOf(next, "command_finished")).toMatchObject([{ exit_code: 0, output_tail: "alive\n" }]);
  expect((await lab.runner.health()).status).toBe("ok");
}

const exitCodes = (turn: TurnRecord) => bodiesOf(turn, "command_finished").map(({ exit_code }) => exit_code);

it("a fork bomb stops at the limit of processes, and is gone with its turn", async () => {
  const bomb = "bomb() { bomb | bomb & }; bomb; sleep 2";
  const turn = await lab.run([{ run: bomb, yieldMs: 4_000 }, { say: "done" }], { access: "write", timeout_ms: 15_000 });
  expect(["completed", "failed"]).toContain(turn.settled.status);
  expect(textOf(lab.requestsOf(turn).at(-1))).toContain("Resource temporarily unavailable");
  expect((await lab.runner.metrics()).processes).toBeLessThan(20);
  await expectAgentLives(turn);
});

it("a file of 10 GB is not written", async () => {
  const steps = [{ run: "fallocate -l 10G a.bin" }, { run: "truncate -s 10G b.bin" }, { say: "done" }];
  const turn = await lab.run(steps, { access: "write" });
  const failed = expect.toSatisfy((code) => code !== 0);
  expect(exitCodes(turn)).toEqual([failed, failed]);
  for (const name of ["a.bin", "b.bin"]) {
    const path = join(lab.runner.workspace, name);
    expect(existsSync(path) ? statSync(path).size : 0).toBeLessThanOrEqual(2 * 1024 ** 3);
  }
  await expectAgentLives(turn);
});

it("a file of 1 GB can be written", async () => {
  const turn = await lab.run([{ run: "truncate -s 1G big.bin && rm big.bin" }, { say: "done" }], { access: "write" });
  expect(exitCodes(turn)).toEqual([0]);
});

it("output without end does not fill the runner's memory, and ends with the turn", async () => {
  const turn = await lab.run([{ run: "yes", yieldMs: 60_000 }, { say: "done" }], {
    access: "write",
    timeout_ms: 4_000,
  });
  expect(turn.settled).toMatchObject({ status: "failed", error: { code: "deadline_exceeded" } });
  expect((await lab.runner.metrics()).runner_rss_bytes).toBeLessThan(250e6);
  await expectAgentLives(turn);
});

it("a program that takes more memory than there is fails alone", async () => {
  const codex = lab.runner.codexPid;
  const turn = await lab.run([{ run: "python3 -c 'bytearray(10**10)'" }, { say: "done" }], { access: "write" });
  expect(exitCodes(turn)).toEqual([1]);
  expect(bodiesOf(turn, "command_finished")[0]?.output_tail).toContain("MemoryError");
  expect(lab.runner.codexPid).toBe(codex);
  await expectAgentLives(turn);
});

it("where many programs together take more memory than there is, they are ended and not the runner", async () => {
  const codex = lab.runner.codexPid;
  const hog = "python3 -c 'import time; kept = b\"x\" * (400 * 10**6); time.sleep(3)'";
  const run = `for i in 1 2 3 4; do ${hog} & done; wait; echo over`;
  const turn = await lab.run([{ run, yieldMs: 20_000 }, { say: "done" }], { access: "write" });
  expect(turn.settled).toMatchObject({ status: "completed", answer: "done" });
  expect(bodiesOf(turn, "command_finished")[0]?.output_tail).toContain("Killed");
  expect(lab.runner.codexPid).toBe(codex);
  await expectAgentLives(turn);
});

it("a core dump is not left in the workspace", async () => {
  const turn = await lab.run([{ run: "ulimit -c; bash -c 'kill -ABRT $$'; ls" }, { say: "done" }], { access: "write" });
  expect(bodiesOf(turn, "command_finished")[0]?.output_tail).toMatch(/^0\n/);
  expect(bodiesOf(turn, "workspace")[0]?.changes.total_changed).toBe(0);
});
