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
const ROUNDS = 4;
const CALLS_OF_A_ROUND = 150;
/** After a turn, for the report of its end. */
const REPORTED_MS = 400;

const measured: Record<string, unknown> = { agents: AGENTS };

it("a turn costs the Fleet nothing while its container is up, and its Directory a few calls", async () => {
  const perTurn = await measureTurns();
  measured.perTurn = perTurn;
  const ofFleet = (calls: Calls) => Object.keys(calls).filter((name) => name.startsWith("Fleet."));
  expect(ofFleet(perTurn.cold)).toEqual(["Fleet.acquire"]);
  expect(ofFleet(perTurn.warm)).toEqual([]);
  // Three for the turn, four for its one request to the model, and one to spare.
  expect(sum(perTurn.warm)).toBeLessThanOrEqual(8);
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
  const rates = await compare(await fleetCalls(20), await fleetCalls(AT_ONCE));
  measured.fleet = { ...rates, leases: AT_ONCE };
  expect(rates.many).toBeGreaterThan(rates.few / 3);
});

it("a Directory serves as many calls with many agents as with few", { timeout: 300_000 }, async () => {
  const [few, many] = [await directoryCalls(100), await directoryCalls(AGENTS)];
  const reports = await compare(few.report, many.report);
  const lists = await compare(few.list, many.list);
  measured.directory = { reports, lists, agents: AGENTS };
  for (const rates of [reports, lists]) expect(rates.many).toBeGreaterThan(rates.few / 3);
  console.log(`SIMULATION ${JSON.stringify(measured)}`);
});

/** Three turns of a real agent: one that starts its container, two that find it up; then its sleep. */
async function measureTurns(): Promise<TurnCalls> {
  const user = newUser();
  const agent = agentNamed(user, "a1");
  const count = (work: () => Promise<unknown>) =>
    countCalls(user.userId, agent.id.toString(), async () => {
      await work();
      await new Promise((resolve) => setTimeout(resolve, REPORTED_MS));
    });
  const turn = () => count(() => chat(user, "a1"));
  const cold = await turn();
  const warm = await turn();
  const sleep = await count(async () => {
    await runInDurableObject<CodexAgent, void>(agent, (instance) => instance.onActivityExpired());
    await stopped(agent);
  });
  return { cold, warm, sleep };
}

/** Makes some calls, and returns how many. */
type MakeCalls = (n: number) => Promise<number>;

/** Acquire, renew, release, with so many leases held besides. */
async function fleetCalls(leases: number): Promise<MakeCalls> {
  const fleet = env.FLEET.getByName(crypto.randomUUID());
  for (let n = 0; n < leases; n++) await fleet.renew(`held-${n}`, "somebody", 1);
  const limits = { all: 100_000, user: 100_000 };
  return async (n) => {
    const holder = `holder-${n}`;
    await fleet.acquire({ holder, user_id: "ada", limits });
    await fleet.renew(holder, "ada", 1);
    await fleet.release(holder);
    return 3;
  };
}

/** To the directory of a user with so many agents. */
async function directoryCalls(agents: number): Promise<{ report: MakeCalls; list: MakeCalls }> {
  const directory = env.DIRECTORY.getByName(crypto.randomUUID());
  for (let n = 0; n < agents; n++) await directory.report(report(`agent-${n}`, { last_active_at: n }));
  let number = 1;
  return {
    report: async (n) => {
      const told = { number: ++number, last_active_at: agents + number, turns: number };
      await directory.report(report(`agent-${n % agents}`, told));
      return 1;
    },
    list: async () => {
      expect(unwrap(await directory.list({ limit: 50 })).total).toBe(agents);
      return 1;
    },
  };
}

/** Calls in a second, each side's best of some rounds by turns: others may use the machine. */
async function compare(few: MakeCalls, many: MakeCalls): Promise<{ few: number; many: number }> {
  const best = { few: 0, many: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    best.few = Math.max(best.few, await callRate(few));
    best.many = Math.max(best.many, await callRate(many));
  }
  return best;
}

async function callRate(make: MakeCalls): Promise<number> {
  let calls = 0;
  let next = 0;
  const startedAt = Date.now();
  const use = async (): Promise<void> => {
    while (next < CALLS_OF_A_ROUND) {
      const made = await make(next++);
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
