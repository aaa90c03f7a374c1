// What one deployment holds: lives of very many agents through the real Fleet and the real Directories, with as many calls as real
// turns make. `npm run test:load` runs it with SIMULATED_AGENTS=10000 and puts the numbers, which it prints, into its report.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { unwrap } from "../../src/errors.ts";
import { stopped } from "./support/agents.ts";
import { Browser, type Settings } from "./support/browser.ts";
import { agentNamed, chat, newUser, report } from "./support/fleet.ts";
import { listTools, OAuthClient, Tokens } from "./support/oauth-client.ts";
import { type Calls, countCalls, countedKv, simulate, type TurnCalls } from "./support/simulation.ts";

const AGENTS = Number(env.SIMULATED_AGENTS);
/** As many containers of 4 vCPU as an account may run at once: 1 500 vCPU. */
const AT_ONCE = 375;
/** Calls on their way at once where one object is measured alone. */
const IN_FLIGHT = 32;
/** After a turn, for the report of its end. */
const REPORTED_MS = 400;

const measured: Record<string, unknown> = { agents: AGENTS };

it("a turn costs the Fleet nothing while its container is up, and its Directory a few calls", async () => {
  const perTurn = await measureTurns();
  measured.perTurn = perTurn;
  const ofFleet = (calls: Calls) => Object.keys(calls).filter((name) => name.startsWith("Fleet."));
  expect(ofFleet(perTurn.cold)).toEqual(["Fleet.acquire"]);
  expect(ofFleet(perTurn.warm)).toEqual([]);
  expect(sum(perTurn.warm)).toBeLessThanOrEqual(6);
});

it("OAuth costs KV a few writes for each connection and each hour, and reads only for each request", async () => {
  const browser = new Browser();
  await browser.signIn();
  const calls: Record<string, Calls> = { connect: {}, request: {}, refresh: {} };
  const counting = (what: string) => ({ OAUTH_KV: countedKv(env.OAUTH_KV, calls[what] ?? {}) }) as object as Settings;
  const client = await OAuthClient.register();
  browser.settings = counting("connect");
  const { searchParams } = await client.consent(browser);
  const code = {
    grant_type: "authorization_code",
    code: searchParams.get("code") ?? "",
    code_verifier: client.verifier,
  };
  const tokens = Tokens.parse(
    await (await client.token({ ...client.registration, ...code }, counting("connect"))).json(),
  );
  expect((await listTools(tokens.access_token, "/mcp", counting("request"))).status).toBe(200);
  expect((await client.refresh(tokens.refresh_token, {}, counting("refresh"))).status).toBe(200);
  measured.kv = calls;
  expect(calls.request).toEqual({ get: expect.any(Number) });
  expect(calls.request?.get).toBeLessThanOrEqual(2);
  expect(calls.refresh?.put).toBeLessThanOrEqual(4);
});

it("lives of many agents go through, and what the lists tell is right", { timeout: 600_000 }, async () => {
  const perTurn = await measureTurns();
  const fleet = env.FLEET.getByName(crypto.randomUUID());
  const users = Math.max(1, Math.round(AGENTS / 50));
  const result = await simulate(fleet, { agents: AGENTS, users, atOnce: AT_ONCE, turns: 3, perTurn });
  expect(result.listed).toBe(AGENTS - result.removed);
  const leases = await runInDurableObject(fleet, (_, { storage }) =>
    storage.sql.exec("SELECT * FROM leases").toArray(),
  );
  expect(leases).toEqual([]);
  measured.lives = { ...result, users, perSecond: rate(result.events, result.durationMs) };
});

it("a Fleet serves as many calls with many leases as with few", { timeout: 300_000 }, async () => {
  const few = await fleetRate(20);
  const many = await fleetRate(AT_ONCE);
  measured.fleet = { few, many, leases: AT_ONCE };
  expect(many).toBeGreaterThan(few / 3);
});

it("a Directory serves as many calls with many agents as with few", { timeout: 300_000 }, async () => {
  const few = await directoryRate(100);
  const many = await directoryRate(AGENTS);
  measured.directory = { few, many, agents: AGENTS };
  expect(many.reports).toBeGreaterThan(few.reports / 3);
  expect(many.lists).toBeGreaterThan(few.lists / 3);
  console.log(`SIMULATION ${JSON.stringify(measured)}`);
});

/** Three turns of a real agent: one that starts its container, two that find it up; then its sleep. */
async function measureTurns(): Promise<TurnCalls> {
  const user = newUser();
  const turn = () =>
    countCalls(async () => {
      await chat(user, "a1");
      await pause();
    });
  const cold = await turn();
  const warm = await turn();
  const sleep = await countCalls(async () => {
    const agent = agentNamed(user, "a1");
    await runInDurableObject<CodexAgent, void>(agent, (instance) => instance.onActivityExpired());
    await stopped(agent);
    await pause();
  });
  return { cold, warm, sleep };
}

/** Calls in a second: acquire, renew, release, with so many leases held besides. */
async function fleetRate(leases: number): Promise<number> {
  const fleet = env.FLEET.getByName(crypto.randomUUID());
  for (let n = 0; n < leases; n++) await fleet.renew(`held-${n}`, "somebody", 1);
  const limits = { all: 100_000, user: 100_000 };
  return callRate(async (n) => {
    const holder = `holder-${n}`;
    await fleet.acquire({ holder, user_id: "ada", limits });
    await fleet.renew(holder, "ada", 1);
    await fleet.release(holder);
    return 3;
  });
}

/** Calls in a second to the directory of a user with so many agents. */
async function directoryRate(agents: number): Promise<{ reports: number; lists: number }> {
  const directory = env.DIRECTORY.getByName(crypto.randomUUID());
  for (let n = 0; n < agents; n++) await directory.report(report(`agent-${n}`, { last_active_at: n }));
  const reports = await callRate(async (n) => {
    await directory.report(report(`agent-${n % agents}`, { number: 2 + n, last_active_at: agents + n, turns: n }));
    return 1;
  });
  const lists = await callRate(async () => {
    expect(unwrap(await directory.list({ limit: 50 })).total).toBe(agents);
    return 1;
  });
  return { reports, lists };
}

/** Calls in a second, of `work` again and again, which says how many each time are. */
async function callRate(work: (n: number) => Promise<number>): Promise<number> {
  let calls = 0;
  let next = 0;
  const [startedAt, rounds] = [Date.now(), AGENTS];
  const use = async (): Promise<void> => {
    while (next < rounds) {
      const made = await work(next++);
      calls += made;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, use));
  return rate(calls, Date.now() - startedAt);
}

function rate(count: number, ms: number): number {
  return Math.round((count / Math.max(1, ms)) * 1_000);
}

function sum(calls: Calls): number {
  return Object.values(calls).reduce((total, count) => total + count, 0);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REPORTED_MS));
}
