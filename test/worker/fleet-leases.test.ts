// Leases on containers: how many there are at most, whose make room, and what becomes of those whose holder is gone.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { unwrap } from "../../src/errors.ts";
import type { Fleet } from "../../src/fleet/fleet.ts";
import { Leases } from "../../src/fleet/leases.ts";
import { type Agent, eventually, newAgent, run, start, stopped, turn } from "./support/agents.ts";
import { modelRequests } from "./support/lab.ts";

const LIMITS = { all: 3, user: 2 };

it("gives out as many as there may be, of all users and of each", async () => {
  await inLeases((leases) => {
    const acquire = (holder: string, user_id: string) => leases.acquire({ holder, user_id, limits: LIMITS });
    expect([acquire("a1", "ada"), acquire("a2", "ada")]).toEqual([{ granted: true }, { granted: true }]);
    expect(acquire("a3", "ada")).toEqual({ granted: false, full: "user", own: ["a1", "a2"] });
    expect(acquire("b1", "bob")).toEqual({ granted: true });
    expect(acquire("c1", "cyd")).toEqual({ granted: false, full: "all", own: [] });
    leases.release("b1");
    expect(acquire("c1", "cyd")).toEqual({ granted: true });
  });
});

it("lets whoever holds one keep it", async () => {
  await inLeases((leases) => {
    const limits = { all: 1, user: 1 };
    for (const _ of [1, 2]) expect(leases.acquire({ holder: "a1", user_id: "ada", limits })).toEqual({ granted: true });
  });
});

it("takes back what nobody renews, and counts a container that is up after all", async () => {
  await inLeases((leases, clock) => {
    const acquire = (holder: string) => leases.acquire({ holder, user_id: "ada", limits: { all: 1, user: 1 } });
    acquire("a1");
    clock.now += 120_000;
    leases.renew("a1", "ada", clock.now);
    clock.now += 120_000;
    expect(acquire("a2")).toMatchObject({ granted: false });
    clock.now += 60_000;
    expect(acquire("a2")).toEqual({ granted: true });
    leases.renew("a1", "ada", clock.now);
    leases.release("a2");
    expect(acquire("a2")).toMatchObject({ granted: false, own: ["a1"] });
  });
});

it("names a user's own holders, the longest unused first, and nobody else's", async () => {
  await inLeases((leases) => {
    leases.renew("busy", "ada", 30);
    leases.renew("old", "ada", 10);
    leases.renew("others", "bob", 1);
    const answer = leases.acquire({ holder: "new", user_id: "ada", limits: { all: 3, user: 3 } });
    expect(answer).toEqual({ granted: false, full: "all", own: ["old", "busy"] });
  });
});

it("makes room by an idle agent of the same user, which sleeps and wakes as it was", async () => {
  const fleet = newFleet();
  const idle = newAgent();
  await run(idle, turn([{ say: "Before." }]));
  await hold(fleet, idle, "owner", 2);
  const other = newAgent();
  await hold(fleet, other, "somebody-else", 1);
  const request = { holder: newAgent().id.toString(), user_id: "owner", limits: { all: 2, user: 2 } };
  expect(await fleet.acquire(request)).toEqual({ granted: true });
  await stopped(idle);
  const again = turn([{ say: "After." }]);
  expect(await run(idle, again)).toMatchObject({ status: "completed", answer: "After." });
  expect(JSON.stringify((await modelRequests(again.prompt))[0]?.body)).toContain("Before.");
  // The other user's lease still counts.
  expect(await fleet.acquire({ ...request, holder: newAgent().id.toString(), user_id: "third" })).toMatchObject({
    full: "all",
  });
});

it("leaves an agent with a turn at work alone", async () => {
  const fleet = newFleet();
  const busy = newAgent();
  const request = turn([{ stallMs: 1_000 }, { say: "Undisturbed." }]);
  const { turn_id } = await start(busy, request);
  await eventually(async () => (await modelRequests(request.prompt)).length > 0);
  await hold(fleet, busy, "owner", 1);
  const limits = { all: 1, user: 1 };
  const refused = await fleet.acquire({ holder: newAgent().id.toString(), user_id: "owner", limits });
  expect(refused).toMatchObject({ granted: false, full: "all" });
  await expect
    .poll(async () => busy.getTurn(turn_id), { timeout: 15_000 })
    .toMatchObject({ value: { status: "completed", answer: "Undisturbed." } });
});

it("is held by an agent while its container is up", async () => {
  const agent = newAgent();
  await run(agent, turn());
  expect(await holders()).toContain(agent.id.toString());
  await runInDurableObject<CodexAgent, void>(agent, (instance) => instance.onActivityExpired());
  await stopped(agent);
  await eventually(async () => !(await holders()).includes(agent.id.toString()));
});

it("is had by an agent that has known the fleet before it was lost", async () => {
  const agent = newAgent();
  await run(agent, turn());
  const reason = "aborted by the test";
  const fleet = env.FLEET.getByName("fleet");
  await expect(runInDurableObject(fleet, (_, state) => state.abort(reason))).rejects.toThrow(reason);
  await runInDurableObject<CodexAgent, void>(agent, (instance) => instance.onActivityExpired());
  await stopped(agent);
  expect(await run(agent, turn([{ say: "Done." }]))).toMatchObject({ status: "completed", answer: "Done." });
  expect(await holders()).toContain(agent.id.toString());
});

it("is given back by an agent that is deleted, however late the end of its container is told", async () => {
  const agent = newAgent();
  await run(agent, turn());
  await runInDurableObject<CodexAgent, void>(agent, (instance) => {
    instance.onStop = () => {};
  });
  unwrap(await agent.retire({ inactive_since: Date.now() + 60_000, delete_data: true, dry_run: false }));
  expect(await holders()).not.toContain(agent.id.toString());
});

/** Ids of the objects that hold one. */
function holders(): Promise<string[]> {
  return runInDurableObject(env.FLEET.getByName("fleet"), (_, { storage }) =>
    storage.sql
      .exec<{ holder: string }>("SELECT holder FROM leases")
      .toArray()
      .map(({ holder }) => holder),
  );
}

function newFleet(): DurableObjectStub<Fleet> {
  return env.FLEET.getByName(crypto.randomUUID());
}

async function hold(fleet: DurableObjectStub<Fleet>, agent: Agent, userId: string, usedAt: number): Promise<void> {
  await fleet.renew(agent.id.toString(), userId, usedAt);
}

function inLeases(work: (leases: Leases, clock: { now: number }) => void): Promise<void> {
  const clock = { now: 1_000_000 };
  return runInDurableObject(newFleet(), (_, { storage }) => work(new Leases(storage.sql, () => clock.now), clock));
}
