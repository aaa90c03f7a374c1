// A question that waits while Codex, the runner or the turn's time ends: it is void, and nothing of it is carried out.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { script } from "../../../support/fake-model/script.ts";
import { kill } from "../../../support/processes.ts";
import { TestRunner } from "../../../support/runner.ts";
import { bodiesOf, turnSpec } from "../../../support/turn-record.ts";
import { asking, resolutions } from "./asking.ts";
import { beginTurn, useLab } from "./lab.ts";

const lab = useLab();
const { begin, asked, answer } = asking(lab);
const PATCH = { patch: "*** Begin Patch\n*** Add File: lost.txt\n+hello\n*** End Patch\n" };
const isThere = (): boolean => existsSync(join(lab.runner.workspace, "lost.txt"));

it("is void where Codex is killed, a late answer is refused, and the next turn asks anew", async () => {
  const turn = await begin([PATCH]);
  const approval = await asked(turn);
  kill(lab.runner.codexPid ?? 0, "SIGKILL");
  const lost = await turn.settled;
  expect(lost.settled).toMatchObject({ status: "interrupted", error: { code: "codex_died" } });
  expect(resolutions(lost)).toEqual([["decline", "end"]]);
  expect(await answer(turn, approval, "accept")).toBe(409);
  const next = await begin([PATCH]);
  expect(await answer(turn, approval, "accept")).toBe(409);
  expect(isThere()).toBe(false);
  await answer(next, await asked(next), "decline");
  expect((await next.settled).settled.status).toBe("completed");
  expect(isThere()).toBe(false);
});

it("is void once the turn's time is over, though an answer would still have been in time", async () => {
  const turn = await begin([PATCH], { timeout_ms: 1_500, approval_timeout_ms: 60_000 });
  const approval = await asked(turn);
  const record = await turn.settled;
  expect(record.settled).toMatchObject({ status: "failed", error: { code: "deadline_exceeded" } });
  expect(resolutions(record)).toEqual([["decline", "end"]]);
  expect(await answer(turn, approval, "accept")).toBe(409);
  expect(isThere()).toBe(false);
});

it("is asked one after the other where several calls wait, and all are void with the turn", async () => {
  const turn = await begin([{ calls: [PATCH, { run: "touch lost.txt", escalate: "it must" }] }]);
  await asked(turn);
  await lab.runner.cancel(turn.turnId);
  const record = await turn.settled;
  expect(record.settled.status).toBe("cancelled");
  expect(new Set(resolutions(record).map(([decision, by]) => `${decision} ${by}`))).toEqual(new Set(["decline end"]));
  expect(bodiesOf(record, "approval_requested")).toHaveLength(resolutions(record).length);
  expect(isThere()).toBe(false);
});

it.each([
  ["an answer within the grace is carried out", "accept", "30", { status: "completed", answer: "done" }],
  [
    "without one it is void when the grace is over",
    null,
    "1",
    { status: "interrupted", error: { code: "container_lost" } },
  ],
] as const)("while the container is told to end, %s", async (_, decision, DRAIN_SECONDS, settled) => {
  const runner = await TestRunner.start({ modelUrl: lab.model.url, env: { DRAIN_SECONDS } });
  const here = asking({ ...lab, runner });
  const prompt = script(PATCH, { say: "done" });
  const turn = await beginTurn(runner, turnSpec({ prompt, access: "write", approval_mode: "suggest" }));
  const approval = await here.asked(turn);
  kill(runner.pid, "SIGTERM");
  await expect.poll(async () => (await runner.health()).draining).toBe(true);
  if (decision !== null) expect(await here.answer(turn, approval, decision)).toBe(202);
  const record = await turn.settled;
  expect(record.settled).toMatchObject(settled);
  expect(resolutions(record)).toEqual([decision === null ? ["decline", "end"] : ["accept", "person"]]);
  expect(existsSync(join(runner.workspace, "lost.txt"))).toBe(decision !== null);
  expect(await runner.exited).toBe(0);
  await runner.dispose();
});
