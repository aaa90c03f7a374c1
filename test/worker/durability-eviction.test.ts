// The Durable Object goes away in the middle of a turn (a deploy, an eviction, a crash): the turn goes on in its container, and
// the object finds its way back to it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { script } from "../support/fake-model/script.ts";
import {
  type Agent,
  abort,
  eventually,
  get,
  inStore,
  newAgent,
  run,
  settled,
  start,
  turn,
  watch,
} from "./support/agents.ts";
import { lab, modelRequests } from "./support/lab.ts";
import { connectV2, newAgentId } from "./support/mcp.ts";

const it = test.concurrent;

const STEPS = [{ run: "echo one" }, { stallMs: 700 }, { say: "Done." }];
const SIGUSR2 = 12;

it("settles a turn that it left, with all that happened meanwhile", async () => {
  const { agent, prompt, turnId } = await startedTurn();
  const leftAt = Date.now();
  const view = await settled(await abort(agent), turnId);
  // At once, and not when the schedule of startTurn() is due.
  expect(Date.now() - leftAt).toBeLessThan(10_000);
  expect(view).toMatchObject({
    status: "completed",
    answer: "Done.",
    evidence: { commands: [{ command: "echo one" }] },
  });
  expect(await modelRequests(prompt)).toHaveLength(2);
});

it("goes on with the number after the last stored event", async () => {
  const { agent, turnId } = await startedTurn();
  const before = await inStore(agent, ({ turns }) => [...turns.events(turnId)]);
  const back = await abort(agent);
  await settled(back, turnId);
  const after = await inStore(back, ({ turns }) => [...turns.events(turnId)]);
  expect(before.length).toBeGreaterThan(0);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.map(({ body }) => body.type)).toEqual(["started", "command_started", "command_finished", "message"]);
});

it("gives a turn to its container once, however often it goes away", async () => {
  const request = turn([{ run: "echo one" }, { run: "sleep 0.5" }, { stallMs: 500 }, { say: "Done." }]);
  let agent = newAgent();
  const { turn_id } = await start(agent, request);
  for (let times = 0; times < 8; times++) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    agent = await abort(agent);
    await get(agent, turn_id);
  }
  const view = await settled(agent, turn_id);
  expect(view).toMatchObject({ status: "completed", answer: "Done." });
  expect(view.evidence?.commands.map(({ command }) => command)).toEqual(["echo one", "sleep 0.5"]);
  expect(await modelRequests(request.prompt)).toHaveLength(3);
});

it("runs a turn that it accepted and had not begun", async () => {
  const agent = newAgent();
  const request = turn([{ say: "Done." }]);
  const { turn_id } = await start(agent, request);
  expect(await settled(await abort(agent), turn_id)).toMatchObject({ status: "completed", answer: "Done." });
  expect(await modelRequests(request.prompt)).toHaveLength(1);
});

it("interrupts a turn whose container was lost while it was away, and never repeats it", async () => {
  const { agent, prompt, turnId } = await startedTurn();
  const next = await start(agent, turn([{ say: "Next." }]));
  const back = await abort(agent);
  await lab.killAgent(agent);
  expect(await settled(back, turnId)).toMatchObject({ status: "interrupted", error: { code: "container_lost" } });
  expect(await settled(back, next.turn_id)).toMatchObject({ status: "completed", answer: "Next." });
  expect(await modelRequests(prompt)).toHaveLength(2);
});

it("interrupts a turn whose container it finds stopped when it comes back, and never repeats it", async () => {
  const { agent, prompt, turnId } = await startedTurn();
  // As where the platform itself knows that the container is down.
  await runInDurableObject(agent, (_, { storage }) => storage.kv.delete("host_container"));
  const view = await settled(await abort(agent), turnId);
  expect(view).toMatchObject({ status: "interrupted", error: { code: "container_lost" } });
  expect(await modelRequests(prompt)).toHaveLength(2);
});

it("goes on with the turns that wait although nobody calls", async () => {
  const { agent } = await startedTurn();
  const next = turn([{ say: "Next." }]);
  await start(agent, next);
  await abort(agent);
  // Only the model is looked at: a look at the object would bring it back.
  await eventually(async () => (await modelRequests(next.prompt)).length === 1, 10_000);
});

it("has itself called again for a turn whose container is not up yet", async () => {
  const agent = newAgent();
  const planned = await runInDurableObject(agent, async (instance: CodexAgent) => {
    await instance.startTurn(turn());
    return instance.listSchedules("resumeTurns");
  });
  expect(planned).toMatchObject([{ callback: "resumeTurns", delayInSeconds: 15 }]);
});

it("ends the streams of its watchers, who come back for the rest", async () => {
  const { agent, turnId } = await startedTurn();
  const stream = watch(agent, turnId);
  await stream.next();
  const back = await abort(agent);
  await expect(stream.next().then(() => stream.next())).rejects.toThrow();
  expect(await settled(back, turnId)).toMatchObject({ status: "completed" });
});

it("ends no call that waits for a turn", async () => {
  const client = await connectV2();
  const agent_id = newAgentId();
  const message = `Hello ${agent_id}. ${script(...STEPS)}`;
  const calling = client.call("chat", { agent_id, message, wait_seconds: 15 });
  await eventually(async () => (await modelRequests(agent_id)).length === 2);
  await abort(env.CODEX_AGENT.getByName(`owner/${agent_id}`));
  expect((await calling).envelope).toMatchObject({ status: "completed" });
});

it("follows a turn again whose connections all broke", async () => {
  const { agent, prompt, turnId } = await startedTurn();
  await runInDurableObject(agent, (_, { container }) => container?.signal(SIGUSR2));
  expect(await settled(agent, turnId)).toMatchObject({ status: "completed", answer: "Done." });
  expect(await modelRequests(prompt)).toHaveLength(2);
});

it("keeps its results for ever after", async () => {
  const agent = newAgent();
  const view = await run(agent, turn(STEPS));
  expect(await get(await abort(agent), view.turn_id)).toEqual(view);
});

/** A turn whose model has seen the command's output and is silent now. */
async function startedTurn(): Promise<{ agent: Agent; prompt: string; turnId: string }> {
  const agent = newAgent();
  const { prompt, ...rest } = turn(STEPS);
  const { turn_id: turnId } = await start(agent, { prompt, ...rest });
  await eventually(async () => (await modelRequests(prompt)).length === 2);
  return { agent, prompt, turnId };
}
