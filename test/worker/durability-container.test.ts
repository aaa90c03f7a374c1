// The agent's container goes away: in the middle of a turn, between two, or with the whole process host.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { RUNNER_PORT } from "../../container/protocol.ts";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import type { Incarnation } from "../../src/agent/store/incarnations.ts";
import { RunnerClient } from "../../src/runtime/runner-client.ts";
import {
  type Agent,
  eventually,
  inStore,
  newAgent,
  run,
  settled,
  signal,
  start,
  stopped,
  turn,
} from "./support/agents.ts";
import { lab, modelRequests } from "./support/lab.ts";

const SIGKILL = 9;
const LOST = { status: "interrupted", answer: null, error: { code: "container_lost" } };

it.concurrent("interrupts a turn whose container is killed, with the evidence so far", async () => {
  const { agent, turnId } = await turnAtWork();
  await signal(agent, SIGKILL);
  const view = await settled(agent, turnId);
  expect(view).toMatchObject(LOST);
  expect(view.evidence?.commands).toMatchObject([{ command: "echo one", exit_code: 0 }]);
});

it.concurrent("never repeats a turn that was interrupted", async () => {
  const { agent, prompt, turnId } = await turnAtWork();
  await signal(agent, SIGKILL);
  await settled(agent, turnId);
  expect(await run(agent, turn([{ say: "Next." }]))).toMatchObject({ status: "completed", answer: "Next." });
  expect(await modelRequests(prompt)).toHaveLength(2);
});

it.concurrent("runs the turn that waits behind one whose container is killed", async () => {
  const { agent, turnId } = await turnAtWork();
  const next = await start(agent, turn([{ say: "Next." }]));
  await signal(agent, SIGKILL);
  expect(await settled(agent, turnId)).toMatchObject(LOST);
  expect(await settled(agent, next.turn_id)).toMatchObject({ status: "completed", answer: "Next." });
});

it.concurrent("runs a turn that comes in the moment in which the container ends", async () => {
  const agent = newAgent();
  await run(agent, turn());
  const accepted = await runInDurableObject(agent, async (instance: CodexAgent, { container }) => {
    container?.signal(SIGKILL);
    await container?.monitor().catch(() => {});
    return instance.startTurn(turn([{ say: "Next." }]));
  });
  if (!accepted.ok) throw new Error(accepted.message);
  expect(await settled(agent, accepted.value.turn_id)).toMatchObject({ status: "completed", answer: "Next." });
});

it.concurrent.for([1, 2, 3, 4])(
  "runs a turn that comes before anybody knows that the container ended (%i)",
  async () => {
    const agent = newAgent();
    await run(agent, turn());
    await lab.killAgent(agent);
    expect(await run(agent, turn([{ say: "Next." }]))).toMatchObject({ status: "completed", answer: "Next." });
  },
);

it.concurrent("refuses the runner's token of an earlier start", async () => {
  const agent = newAgent();
  await run(agent, turn());
  const earlier = await currentStart(agent);
  await signal(agent, SIGKILL);
  await stopped(agent);
  await run(agent, turn());
  const later = await currentStart(agent);
  expect(later.id).not.toBe(earlier.id);
  await runInDurableObject(agent, async (_, { container }) => {
    const port = container?.getTcpPort(RUNNER_PORT);
    const client = (token: string): RunnerClient =>
      new RunnerClient((path, init) => port?.fetch(`http://runner${path}`, init) ?? Promise.reject(), token);
    await expect(client(earlier.runner_token).health()).rejects.toMatchObject({ failure: { code: "unauthorized" } });
    expect(await client(later.runner_token).health()).toMatchObject({ incarnation: later.id });
  });
});

it("interrupts every turn at work when the process host is killed, and works again once it is back", async () => {
  const [one, two] = [await turnAtWork(), await turnAtWork()];
  await lab.killHost();
  expect(await settled(one.agent, one.turnId)).toMatchObject(LOST);
  expect(await settled(two.agent, two.turnId)).toMatchObject(LOST);
  await lab.startHost();
  expect(await run(one.agent, turn([{ say: "Back." }]))).toMatchObject({ status: "completed", answer: "Back." });
  expect(await modelRequests(one.prompt)).toHaveLength(2);
});

it("leaves none of an agent's processes behind when the process host is killed", async () => {
  const agent = newAgent();
  await run(agent, turn([{ run: "setsid sleep 60 > /dev/null 2>&1 &" }, { say: "Left a process." }]));
  expect(await lab.processes(agent)).not.toEqual([]);
  await lab.killHost();
  await eventually(async () => (await lab.processes(agent)).length === 0).finally(lab.startHost);
});

it("fails a turn at once, as one to be sent again, where no container can be started", async () => {
  const agent = newAgent();
  await lab.killHost();
  const startedAt = Date.now();
  const view = await run(agent, turn()).finally(lab.startHost);
  expect(view).toMatchObject({ status: "failed", error: { code: "container_unavailable" } });
  expect(Date.now() - startedAt).toBeLessThan(5_000);
  expect(await run(agent, turn([{ say: "Now." }]))).toMatchObject({ status: "completed", answer: "Now." });
});

/** A turn that has run a command and waits for the model. */
async function turnAtWork(): Promise<{ agent: Agent; prompt: string; turnId: string }> {
  const agent = newAgent();
  const request = turn([{ run: "echo one" }, { stallMs: 15_000 }, { say: "Done." }]);
  const { turn_id: turnId } = await start(agent, request);
  await eventually(() => inStore(agent, ({ turns }) => [...turns.events(turnId)].length === 3));
  await eventually(async () => (await modelRequests(request.prompt)).length === 2);
  return { agent, prompt: request.prompt, turnId };
}

async function currentStart(agent: Agent): Promise<Incarnation> {
  const current = await inStore(agent, ({ incarnations }) => incarnations.current());
  if (current === undefined) throw new Error("the container is not up");
  return current;
}
