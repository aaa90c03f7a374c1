// Turns of one agent run one at a time and in order; those of different agents side by side; the same request runs once.
import { expect, test } from "vitest";
import { type Agent, eventually, get, newAgent, run, settled, start, turn } from "./support/agents.ts";
import { modelRequests } from "./support/lab.ts";

const it = test.concurrent;

it("runs the turns of one agent in their order, never two at once", async () => {
  const agent = newAgent();
  const prompts = Array.from({ length: 3 }, () => turn([{ stallMs: 300 }, { say: crypto.randomUUID() }]));
  const accepted = await Promise.all(prompts.map((request) => start(agent, request)));
  expect(accepted.map((view) => view.queue_position)).toEqual([0, 1, 2]);
  const views = await Promise.all(accepted.map(({ turn_id }) => settled(agent, turn_id)));
  const asked = await Promise.all(prompts.map(({ prompt }) => modelRequests(prompt)));
  const times = asked.map((requests) => requests.map(({ receivedAt }) => receivedAt));
  expect(times.map((each) => each.length)).toEqual([1, 1, 1]);
  const [first = 0, second = 0, third = 0] = times.flat();
  expect(second).toBeGreaterThanOrEqual(views[0]?.settled_at ?? Number.POSITIVE_INFINITY);
  expect(third).toBeGreaterThanOrEqual(views[1]?.settled_at ?? Number.POSITIVE_INFINITY);
  expect(first).toBeLessThan(second);
});

it("runs the turns of different agents side by side", async () => {
  const [one, two] = [newAgent(), newAgent()];
  const slow = turn([{ stallMs: 15_000 }, { say: "Slow." }]);
  const started = await start(one, slow);
  await eventually(async () => (await modelRequests(slow.prompt)).length > 0);
  await run(two, turn([{ say: "Quick." }]));
  expect((await get(one, started.turn_id)).status).toBe("running");
});

it("joins a request that is sent again with its key, whenever that is", async () => {
  const agent = newAgent();
  const request = turn([{ say: crypto.randomUUID() }], { request_id: "key-1" });
  const first = await run(agent, request);
  const again = await start(agent, request);
  expect(again).toEqual(first);
  expect(await modelRequests(request.prompt)).toHaveLength(1);
});

it("runs a request once when its key comes many times at once", async () => {
  const agent = newAgent();
  const request = turn([{ say: crypto.randomUUID() }], { request_id: "key-1" });
  const views = await Promise.all(Array.from({ length: 5 }, () => run(agent, request)));
  expect(new Set(views.map(({ turn_id }) => turn_id)).size).toBe(1);
  expect(await modelRequests(request.prompt)).toHaveLength(1);
});

it("takes the same key on another agent as another request", async () => {
  const request = turn([{ say: crypto.randomUUID() }], { request_id: "key-1" });
  await Promise.all([run(newAgent(), request), run(newAgent(), request)]);
  expect(await modelRequests(request.prompt)).toHaveLength(2);
});

it("refuses the fifty-first open turn as busy, and takes another one once there is room", async () => {
  const agent = newAgent();
  const [first = "", ...others] = await fill(agent);
  expect(await agent.startTurn(turn())).toMatchObject({ ok: false, code: "busy" });
  await agent.cancelTurn(first);
  expect(await agent.startTurn(turn())).toMatchObject({ ok: true });
  for (const id of others) await agent.cancelTurn(id);
});

it("joins a known request even when there is no room for another one", async () => {
  const agent = newAgent();
  const ids = await fill(agent);
  expect(await start(agent, turn([], { request_id: "key-0" }))).toMatchObject({ turn_id: ids[0] });
  for (const id of ids.reverse()) await agent.cancelTurn(id);
});

it("ends a turn that waits at once, without asking the model", async () => {
  const agent = newAgent();
  await start(agent, turn([{ stallMs: 2_000 }]));
  const waiting = turn([{ say: crypto.randomUUID() }]);
  const { turn_id } = await start(agent, waiting);
  expect(await agent.cancelTurn(turn_id)).toMatchObject({ ok: true, value: { status: "cancelled" } });
  expect(await settled(agent, turn_id)).toMatchObject({ status: "cancelled", error: { code: "cancelled" } });
  const after = await run(agent, turn([{ say: "After." }]));
  expect(after.answer).toBe("After.");
  expect(await modelRequests(waiting.prompt)).toEqual([]);
});

it("ends a turn that is at work, and goes on with the next one", async () => {
  const agent = newAgent();
  const request = turn([{ run: "echo begun" }, { stallMs: 15_000 }, { say: "Too late." }]);
  const { turn_id } = await start(agent, request);
  await eventually(async () => (await modelRequests(request.prompt)).length === 2);
  const cancelled = await agent.cancelTurn(turn_id);
  expect(cancelled).toMatchObject({ value: { status: "cancelled", answer: null, error: { code: "cancelled" } } });
  expect(cancelled).toMatchObject({ value: { evidence: { commands: [{ command: "echo begun", exit_code: 0 }] } } });
  expect(await run(agent, turn([{ say: "Next." }]))).toMatchObject({ status: "completed", answer: "Next." });
});

it("leaves a turn that has settled as it is when it is cancelled", async () => {
  const agent = newAgent();
  const done = await run(agent, turn([{ say: "Done." }]));
  expect(await agent.cancelTurn(done.turn_id)).toEqual({ ok: true, value: done });
});

/** Fifty open turns; the first one is at work. */
async function fill(agent: Agent): Promise<string[]> {
  const requests = Array.from({ length: 50 }, (_, index) =>
    turn([{ stallMs: 10_000 }], { request_id: `key-${index}` }),
  );
  const views = await Promise.all(requests.map((request) => start(agent, request)));
  return views.map(({ turn_id }) => turn_id);
}
