import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RunnerFailure } from "../../../../container/protocol.ts";
import { script } from "../../../support/fake-model/script.ts";
import { bodiesOf, readEvents, type TurnRecord, turnSpec } from "../../../support/turn-record.ts";
import { useLab } from "./lab.ts";

const lab = useLab();

const TWO_REQUESTS = [{ run: "echo one" }, { say: "two" }];

function numbersOf(turn: TurnRecord): number[] {
  return turn.events.map(({ seq }) => seq);
}

it("numbers the events of a turn from 1 without gaps and ends with the only settled one", async () => {
  const turn = await lab.run(TWO_REQUESTS);
  expect(turn.events.length).toBeGreaterThan(4);
  expect(numbersOf(turn)).toEqual(turn.events.map((_, index) => index + 1));
  expect(turn.events.map(({ body }) => body.type === "settled")).toEqual([
    ...Array(turn.events.length - 1).fill(false),
    true,
  ]);
  expect(turn.settled).toMatchObject({ status: "completed", answer: "two", error: null });
});

it("tells in order what happened", async () => {
  const turn = await lab.run([{ reasoning: "**Look around**" }, ...TWO_REQUESTS]);
  const types = turn.events.map(({ body }) => body.type);
  expect(types).toEqual([
    "started",
    "progress",
    "command_started",
    "command_finished",
    "message",
    "rollout",
    "settled",
  ]);
  expect(bodiesOf(turn, "progress")).toMatchObject([{ message: "**Look around**" }]);
  expect(bodiesOf(turn, "command_finished")).toMatchObject([
    { command: "echo one", exit_code: 0, output_tail: "one\n" },
  ]);
});

it("adds up what the model requests of a turn used", async () => {
  const turn = await lab.run([{ reasoning: "Think" }, ...TWO_REQUESTS]);
  const bytes = lab.requestsOf(turn).map(({ body }) => Buffer.byteLength(JSON.stringify(body)));
  expect(bytes).toHaveLength(2);
  // The fake model counts a token for every four bytes of a request.
  const expected = bytes.reduce((sum, size) => sum + Math.ceil(size / 4), 0);
  expect(turn.settled.usage.input_tokens).toBe(expected);
  expect(turn.settled.usage.output_tokens).toBeGreaterThan(0);
  expect(turn.settled.usage.reasoning_tokens).toBeGreaterThan(0);
});

describe("a turn that is posted again", () => {
  it("runs once and replays the same events", async () => {
    const spec = turnSpec({ prompt: script(...TWO_REQUESTS) });
    const first = await lab.runner.runTurn(spec);
    expect(await lab.runner.runTurn(spec)).toEqual(first);
    expect(lab.requestsOf(first)).toHaveLength(2);
  });

  it("runs once, also when it is posted many times at once", async () => {
    const spec = turnSpec({ prompt: `only-once ${script(...TWO_REQUESTS)}` });
    const records = await Promise.all([1, 2, 3, 4, 5].map(() => lab.runner.runTurn(spec)));
    for (const record of records) expect(record).toEqual(records[0]);
    expect(lab.model.requests.filter(({ promptText }) => promptText.includes("only-once"))).toHaveLength(2);
  });

  it("is joined above the number that its poster holds", async () => {
    const spec = turnSpec({ prompt: script(...TWO_REQUESTS) });
    const { events } = await lab.runner.runTurn(spec);
    const response = await lab.runner.postTurn(spec, { after: 3 });
    const replayed = [];
    for await (const event of readEvents(response)) replayed.push(event);
    expect(replayed).toEqual(events.slice(3));
  });
});

describe("a settled turn", () => {
  it("is replayed from any number", async () => {
    const { turnId, events } = await lab.run(TWO_REQUESTS);
    for (let after = 0; after <= events.length; after++) {
      expect(await lab.runner.eventsAfter(turnId, after), `after ${after}`).toEqual(events.slice(after));
    }
  });

  it("ends the stream of a reader who asks for more than there is", async () => {
    const { turnId, events } = await lab.run([{ say: "short" }]);
    expect(await lab.runner.eventsAfter(turnId, events.length + 1)).toEqual([]);
  });

  it.each(["x", "-1", "1.5", ""])("is replayed whole for a number like '%s'", async (after) => {
    const { turnId, events } = await lab.run([{ say: "short" }]);
    const response = await lab.runner.request(`/turns/${turnId}/events?after=${after}`);
    expect((await response.text()).trim().split("\n")).toHaveLength(events.length);
  });

  it("takes a cancel without any change", async () => {
    const { turnId, events } = await lab.run([{ say: "done" }]);
    expect(await lab.runner.cancel(turnId)).toBe(202);
    expect(await lab.runner.eventsAfter(turnId, 0)).toEqual(events);
  });
});

describe("a turn at work", () => {
  const SLOW = [{ run: "echo early" }, { delayMs: 400 }, { say: "late" }];

  it("shows the same to all its readers, wherever they begin", async () => {
    const { turnId, settled } = await lab.begin(SLOW);
    const starts = [0, 0, 1, 2, 3];
    const read = await Promise.all(starts.map((after) => lab.runner.eventsAfter(turnId, after)));
    const { events } = await settled;
    expect(read).toEqual(starts.map((after) => events.slice(after)));
  });

  it("shows what happened already before it has ended", async () => {
    const { turnId, settled } = await lab.begin(SLOW);
    const response = await lab.runner.request(`/turns/${turnId}/events`);
    const early: string[] = [];
    for await (const { body } of readEvents(response)) {
      early.push(body.type);
      if (body.type === "command_finished") break;
    }
    expect((await lab.runner.health()).active_turn).toBe(turnId);
    expect(early).toEqual(["started", "command_started", "command_finished"]);
    await settled;
  });

  it("refuses another turn, which can be posted once it has settled", async () => {
    const { turnId, settled } = await lab.begin(SLOW);
    const other = turnSpec({ prompt: script({ say: "mine" }) });
    const refused = await lab.runner.postTurn(other);
    expect(refused.status).toBe(409);
    const failure = RunnerFailure.parse(await refused.json());
    expect(failure.code).toBe("turn_active");
    expect(failure.message).toContain(turnId);
    await settled;
    expect((await lab.runner.runTurn(other)).settled).toMatchObject({ status: "completed", answer: "mine" });
  });

  it("goes on without a reader", async () => {
    const spec = turnSpec({ prompt: script(...SLOW) });
    const leaving = new AbortController();
    const response = await lab.runner.postTurn(spec, { signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
    await sleep(50);
    const events = await lab.runner.eventsAfter(spec.turn_id, 0);
    expect(events.at(-1)?.body).toMatchObject({ type: "settled", status: "completed", answer: "late" });
  });
});

it("forgets the oldest of many turns, so that its memory stays bounded", async () => {
  const first = await lab.run([{ say: "first" }]);
  for (let count = 0; count < 20; count++) await lab.run([], { model: "no-such-model" });
  const response = await lab.runner.request(`/turns/${first.turnId}/events`);
  expect(response.status).toBe(404);
  expect(RunnerFailure.parse(await response.json()).code).toBe("gone");
});
