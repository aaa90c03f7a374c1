import { readFileSync, rmSync, truncateSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RunnerFailure } from "../../../../container/protocol.ts";
import { script } from "../../../support/fake-model/script.ts";
import { TestRunner } from "../../../support/runner.ts";
import { bodiesOf, continuing, rolloutOf, type TurnRecord, turnSpec } from "../../../support/turn-record.ts";
import { readTree, textOf, useLab } from "./lab.ts";

const lab = useLab();

function rolloutPath(runner: TestRunner, turn: TurnRecord): string {
  const sessions = join(runner.dataDir, "codex-home", "sessions");
  const [thread] = bodiesOf(turn, "started");
  const [path] = Object.keys(readTree(sessions)).filter((name) => name.includes(thread?.thread_id ?? "no thread"));
  return join(sessions, path ?? "no rollout");
}

function say(text: string): string {
  return `${text} ${script({ say: `answer to ${text}` })}`;
}

describe("the rollout events", () => {
  it("add up to exactly the rollout file", async () => {
    const turn = await lab.run([{ run: "echo x" }, { say: "done" }]);
    expect(rolloutOf(turn)).toBe(readFileSync(rolloutPath(lab.runner, turn), "utf8"));
  });

  it("go on in the next turn where they ended", async () => {
    const first = await lab.run([{ say: "one" }]);
    const second = await lab.run([{ run: "echo x" }, { say: "two" }], continuing(first));
    expect(bodiesOf(second, "rollout")[0]?.offset).toBe(Buffer.byteLength(rolloutOf(first)));
    expect(rolloutOf(first, second)).toBe(readFileSync(rolloutPath(lab.runner, first), "utf8"));
  });

  it("carry a long text of many languages in pieces that are each whole", async () => {
    const long = "Größe 漢字 😀 ".repeat(20_000);
    const turn = await lab.runner.runTurn(turnSpec({ prompt: `${long}${script({ say: "read" })}` }));
    const pieces = bodiesOf(turn, "rollout");
    expect(pieces.length).toBeGreaterThan(1);
    for (const { text, bytes } of pieces) expect(Buffer.byteLength(text)).toBe(bytes);
    expect(rolloutOf(turn)).toBe(readFileSync(rolloutPath(lab.runner, turn), "utf8"));
    expect(rolloutOf(turn)).toContain("Größe 漢字 😀");
  });

  it("bring what the caller has lost of earlier turns", async () => {
    const first = await lab.run([{ run: "touch /denied" }, { say: "one" }]);
    const second = await lab.run([{ say: "two" }], { ...continuing(first), rollout_bytes: 100 });
    expect(bodiesOf(second, "rollout")[0]?.offset).toBe(100);
    const whole = readFileSync(rolloutPath(lab.runner, first));
    expect(rolloutOf(second)).toBe(whole.subarray(100).toString());
    expect(bodiesOf(second, "command_finished"), "commands of an earlier turn").toEqual([]);
  });
});

it("hands over a text that Codex refuses in one message as a file that the model can read", async () => {
  const long = `FIRST ${"a".repeat(1_048_576)} LAST`;
  const turn = await lab.runner.runTurn(
    turnSpec({
      prompt: `${long} ${script({ run: "wc -c < ../scratch/prompts/*; tail -c 600 ../scratch/prompts/*" }, { say: "read" })}`,
    }),
  );
  expect(turn.settled).toMatchObject({ status: "completed", answer: "read" });
  const [read] = bodiesOf(turn, "command_finished");
  expect(read?.output_tail).toMatch(/^104\d{4}\n/);
  expect(read?.output_tail).toContain("aaa LAST");
  const asked = textOf(lab.requestsOf(turn)[0]);
  expect(asked).toMatch(/in the file \S*prompts\S*\.md\. Read it to its end/);
  expect(asked).toContain("FIRST aaa");
  expect(asked.length).toBeLessThan(100_000);
});

it("continues a conversation, in which the model finds the earlier turns", async () => {
  const first = await lab.runner.runTurn(turnSpec({ prompt: say("first question") }));
  const second = await lab.runner.runTurn(turnSpec({ prompt: say("second question"), ...continuing(first) }));
  const asked = textOf(lab.requestsOf(second).at(-1));
  for (const text of ["first question", "answer to first question", "second question"]) expect(asked).toContain(text);
});

it("keeps two conversations apart", async () => {
  const first = await lab.runner.runTurn(turnSpec({ prompt: say("red secret") }));
  const other = await lab.runner.runTurn(turnSpec({ prompt: say("blue question") }));
  expect(bodiesOf(other, "started")[0]?.thread_id).not.toBe(bodiesOf(first, "started")[0]?.thread_id);
  expect(textOf(lab.requestsOf(other).at(-1))).not.toContain("red secret");
});

describe("on an empty disk", () => {
  it("a conversation is missed, put back and continued", async () => {
    const first = await lab.runner.runTurn(turnSpec({ prompt: say("before the loss") }));
    const fresh = await TestRunner.start({ modelUrl: lab.model.url });
    try {
      const spec = turnSpec({ prompt: say("after the loss"), ...continuing(first) });
      const refused = await fresh.postTurn(spec);
      expect(refused.status).toBe(409);
      expect(RunnerFailure.parse(await refused.json())).toMatchObject({ code: "rollout_missing", have_bytes: 0 });
      const put = await fresh.putRollout(spec.thread_id ?? "", rolloutOf(first));
      expect([put.status, await put.json()]).toEqual([200, { bytes: spec.rollout_bytes }]);
      const second = await fresh.runTurn(spec);
      expect(second.settled).toMatchObject({ status: "completed", answer: "answer to after the loss" });
      const asked = textOf(lab.requestsOf(second).at(-1));
      for (const text of ["before the loss", "answer to before the loss"]) expect(asked).toContain(text);
      expect(rolloutOf(first, second)).toBe(readFileSync(rolloutPath(fresh, first), "utf8"));
    } finally {
      await fresh.stop();
    }
  });

  it("a conversation without a single line is missed as well", async () => {
    const spec = turnSpec({ thread_id: "01999999-0000-7000-8000-000000000000", rollout_bytes: 0 });
    expect((await lab.runner.postTurn(spec)).status).toBe(409);
  });
});

it("misses a rollout of which the disk has less than the caller", async () => {
  const first = await lab.run([{ say: "one" }]);
  truncateSync(rolloutPath(lab.runner, first), 500);
  const refused = await lab.runner.postTurn(turnSpec(continuing(first)));
  expect(RunnerFailure.parse(await refused.json())).toMatchObject({ code: "rollout_missing", have_bytes: 500 });
  rmSync(rolloutPath(lab.runner, first));
});

it("takes no rollout while a turn is at work", async () => {
  const { settled } = await lab.begin([{ delayMs: 300 }, { say: "done" }]);
  const response = await lab.runner.putRollout("01999999-0000-7000-8000-000000000001", "{}\n");
  expect([response.status, RunnerFailure.parse(await response.json()).code]).toEqual([409, "turn_active"]);
  await settled;
});

it("keeps a rollout as it was when its replacement breaks off", async () => {
  const thread = "01999999-0000-7000-8000-000000000002";
  await (await lab.runner.putRollout(thread, '{"old":true}\n')).text();
  const upload = httpRequest(`${lab.runner.url}/threads/${thread}/rollout`, {
    method: "PUT",
    headers: { authorization: `Bearer ${lab.runner.token}`, "content-length": 1_000_000 },
  });
  const broken = new Promise((resolve) => upload.once("error", resolve));
  await new Promise((resolve) => upload.write('{"new":true}\n', resolve));
  upload.destroy();
  await broken;
  await expect.poll(() => lab.runner.output.join("\n")).toContain("request failed");
  const rollout = `sessions/restored/rollout-2025-01-01T00-00-00-${thread}.jsonl`;
  expect(readFileSync(join(lab.runner.dataDir, "codex-home", rollout), "utf8")).toBe('{"old":true}\n');
});
