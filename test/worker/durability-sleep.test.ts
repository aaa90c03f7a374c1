// An idle container sleeps after SESSION_TIMEOUT; the next turn wakes the agent, with a new start and the same conversation.
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { type Agent, eventually, inStore, newAgent, run, settled, start, stopped, turn } from "./support/agents.ts";
import { lab, modelRequests } from "./support/lab.ts";

const it = test.concurrent;

it("stops its container once nothing has happened for the session's timeout", async () => {
  const agent = newAgent();
  await run(agent, turn());
  await setSessionTimeout(agent, 1);
  await stopped(agent);
  await eventually(async () => (await lab.processes(agent)).length === 0);
});

it("wakes for the next turn as a new start, in the same conversation", async () => {
  const agent = newAgent();
  await run(agent, turn([{ say: "Before the night." }]));
  const evening = await startId(agent);
  await fallAsleep(agent);
  const request = turn([{ say: "Good morning." }]);
  expect(await run(agent, request)).toMatchObject({ status: "completed", answer: "Good morning." });
  expect(await startId(agent)).not.toBe(evening);
  const [asked] = await modelRequests(request.prompt);
  expect(JSON.stringify(asked?.body)).toContain("Before the night.");
});

it("does not take a turn that is silent for idleness", async () => {
  const agent = newAgent();
  const request = turn([{ stallMs: 2_500 }, { say: "At last." }]);
  const { turn_id } = await start(agent, request);
  await eventually(async () => (await modelRequests(request.prompt)).length === 1);
  await setSessionTimeout(agent, 1);
  expect(await settled(agent, turn_id)).toMatchObject({ status: "completed", answer: "At last." });
});

it.each([0, 10, 40, 100])("runs a turn that comes %i ms after its container was told to stop", async (afterMs) => {
  const agent = newAgent();
  await run(agent, turn());
  const accepted = await runInDurableObject(agent, async (instance: CodexAgent) => {
    await instance.onActivityExpired();
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    return instance.startTurn(turn([{ say: "Awake." }]));
  });
  if (!accepted.ok) throw new Error(accepted.message);
  expect(await settled(agent, accepted.value.turn_id)).toMatchObject({ status: "completed", answer: "Awake." });
});

async function fallAsleep(agent: Agent): Promise<void> {
  await runInDurableObject(agent, (instance: CodexAgent) => instance.onActivityExpired());
  await stopped(agent);
}

/** SESSION_TIMEOUT as it would be set for the whole Worker; too short a one for its lower bound. */
async function setSessionTimeout(agent: Agent, seconds: number): Promise<void> {
  await runInDurableObject(agent, async (instance: CodexAgent) => {
    instance.sleepAfter = seconds;
    instance.renewActivityTimeout();
    // The alarm that waits for the old timeout looks again.
    await instance.schedule(0, "resumeTurns");
  });
}

async function startId(agent: Agent): Promise<string | undefined> {
  return inStore(agent, ({ incarnations }) => incarnations.current()?.id);
}
