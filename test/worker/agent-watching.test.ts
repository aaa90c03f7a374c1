// Following a turn: who watches sees progress and then the turn as it settled, whenever they come and go.
import { expect, test } from "vitest";
import type { WatchLine } from "../../src/agent/types.ts";
import { type Agent, newAgent, run, settled, start, turn, watch } from "./support/agents.ts";

const it = test.concurrent;

const STEPS = [{ run: "echo one" }, { run: "exit 3" }, { say: "Done." }];

async function allLines(agent: Agent, turnId: string, after = 0): Promise<WatchLine[]> {
  const lines: WatchLine[] = [];
  for await (const line of watch(agent, turnId, after)) lines.push(line);
  return lines;
}

function messages(lines: readonly WatchLine[]): string[] {
  return lines.flatMap((line) => (line.type === "progress" ? [line.message] : []));
}

it("streams progress while the turn is at work, and the settled turn last", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn([{ run: "echo one" }, { stallMs: 500 }, { say: "Done." }]));
  const arrivals: { line: WatchLine; at: number }[] = [];
  for await (const line of watch(agent, turn_id)) arrivals.push({ line, at: Date.now() });
  const last = arrivals.at(-1);
  const running = arrivals.find(({ line }) => line.type === "progress" && line.message === "Running: echo one");
  expect(last?.line).toMatchObject({ type: "view", view: { turn_id, status: "completed", answer: "Done." } });
  expect((last?.at ?? 0) - (running?.at ?? 0)).toBeGreaterThan(400);
});

it("tells two watchers the same", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn(STEPS));
  const [first, second] = await Promise.all([allLines(agent, turn_id), allLines(agent, turn_id)]);
  expect(messages(first)).toHaveLength(4);
  expect(second).toEqual(first);
});

it("replays a turn that has settled, as it was told at the time", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn(STEPS));
  const live = await allLines(agent, turn_id);
  expect(await allLines(agent, turn_id)).toEqual(live);
});

it("tells a watcher who comes back only what is new", async () => {
  const agent = newAgent();
  const { turn_id } = await run(agent, turn(STEPS));
  const lines = await allLines(agent, turn_id);
  const [first, second, ...rest] = lines;
  if (first?.type !== "progress" || second?.type !== "progress") throw new Error("no progress");
  expect(await allLines(agent, turn_id, second.seq)).toEqual(rest);
});

it("tells a watcher who comes late what it has missed, and then goes on", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn([{ run: "echo one" }, { stallMs: 800 }, { say: "Done." }]));
  const early = allLines(agent, turn_id);
  for await (const line of watch(agent, turn_id)) {
    if (line.type === "progress" && line.message === "Running: echo one") break;
  }
  expect(await allLines(agent, turn_id)).toEqual(await early);
});

it("goes on with the turn and with those after it when its watcher leaves", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn([{ run: "echo one" }, { stallMs: 300 }, { say: "Done." }]));
  const next = await start(agent, turn([{ say: "Next." }]));
  for await (const line of watch(agent, turn_id)) if (line.type === "progress") break;
  expect(await settled(agent, turn_id)).toMatchObject({ status: "completed", answer: "Done." });
  expect(await settled(agent, next.turn_id)).toMatchObject({ status: "completed", answer: "Next." });
});

it("holds up nothing for a watcher that never reads", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn(STEPS));
  const idle = await agent.watchTurn(turn_id, 0);
  expect(await settled(agent, turn_id)).toMatchObject({ status: "completed" });
  expect(await run(agent, turn([{ say: "Next." }]))).toMatchObject({ status: "completed" });
  if (idle.ok) await idle.value.cancel();
});
