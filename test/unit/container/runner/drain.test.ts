// SIGTERM for a container that is given time to end: the turn at work is finished, and its files can still be fetched.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FakeModel, startFakeModel } from "../../../support/fake-model/fake-model.ts";
import { script } from "../../../support/fake-model/script.ts";
import { kill } from "../../../support/processes.ts";
import { TestRunner } from "../../../support/runner.ts";
import { turnSpec } from "../../../support/turn-record.ts";
import { beginTurn } from "./lab.ts";

let model: FakeModel;
beforeAll(async () => {
  model = await startFakeModel();
});
afterAll(() => model.close());

const env = { DRAIN_SECONDS: "30" };

it("finishes the turn at work, takes no other, and ends once its files were fetched", async () => {
  const runner = await TestRunner.start({ modelUrl: model.url, env });
  const prompt = script({ run: "echo one > a.txt" }, { stallMs: 1_000 }, { say: "Done." });
  const turn = await beginTurn(runner, turnSpec({ prompt, access: "write", approval_mode: "auto" }));
  kill(runner.pid, "SIGTERM");
  await expect.poll(async () => (await runner.health()).draining).toBe(true);
  const refusal = await runner.postTurn(turnSpec({ prompt: script({ say: "Too late." }) }));
  expect([refusal.status, await refusal.json()]).toMatchObject([409, { code: "draining" }]);
  expect((await turn.settled).settled).toMatchObject({ status: "completed", answer: "Done." });
  const body = JSON.stringify({ id: "ckpt_1", parent: null, is_base: false, is_forced: false });
  const saved = await (await runner.request("/checkpoints", { method: "POST", body })).json();
  expect(saved).toMatchObject({ status: "ready" });
  const { bytes } = saved as { bytes: number }; // seen above
  const archive = await runner.request(`/checkpoints/ckpt_1?offset=0&length=${bytes}`);
  expect((await archive.arrayBuffer()).byteLength).toBe(bytes);
  expect(await runner.exited).toBe(0);
  await runner.dispose();
});

it("ends at once where nothing is at work", async () => {
  const runner = await TestRunner.start({ modelUrl: model.url, env });
  await runner.runTurn(turnSpec({ prompt: script({ say: "Done." }) }));
  await new Promise((resolve) => setTimeout(resolve, 3_200));
  const toldAt = Date.now();
  kill(runner.pid, "SIGTERM");
  expect(await runner.exited).toBe(0);
  expect(Date.now() - toldAt).toBeLessThan(2_000);
  await runner.dispose();
});
