// The directory's account of tokens: what counts, on which day, for whom, and what it lets through.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { MIGRATIONS } from "../../src/fleet/migrations.ts";
import { SpentTokens } from "../../src/fleet/spent-tokens.ts";
import { TokenBudget, type TokenLimits } from "../../src/fleet/token-budget.ts";
import { migrate } from "../../src/lib/migrate.ts";
import { deploy, directory, forget } from "./support/accounts.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
const MIDNIGHT = Date.UTC(2026, 10, 21);
const NO_LIMITS: TokenLimits = { turn: undefined, day: undefined };

interface Account {
  budget: TokenBudget;
  clock: { now: number };
  limits: TokenLimits;
  rows(): number;
}

async function withAccount(limits: Partial<TokenLimits>, work: (account: Account) => Promise<void>): Promise<void> {
  await runInDurableObject(directory(), async (_, { storage }) => {
    migrate(storage, MIGRATIONS);
    const [clock, held] = [{ now: NOON }, { ...NO_LIMITS, ...limits }];
    const budget = new TokenBudget(
      new SpentTokens(storage),
      () => held,
      () => clock.now,
    );
    const count = "SELECT (SELECT COUNT(*) FROM spent_requests) + (SELECT COUNT(*) FROM spent_tokens) AS rows";
    const rows = () => storage.sql.exec<{ rows: number }>(count).one().rows;
    await work({ budget, clock, limits: held, rows });
  });
}

const request = (id: string, tokens: number, turn_id: string | null = "turn_1") => ({ id, tokens, turn_id });

it("lets everything through where there is no limit, and counts it", () =>
  withAccount({}, async ({ budget }) => {
    expect(await budget.admit(request("r1", 500))).toBeNull();
    expect(budget.used("turn_1")).toMatchObject({ day: 0, turn: 0 });
    budget.count(request("r1", 700));
    expect(budget.used("turn_1")).toEqual({ day: 700, turn: 700, day_resets_at: MIDNIGHT });
    expect(budget.spentDay()).toBeNull();
  }));

it("counts a request by its estimate while it is at work, and then by what it took", () =>
  withAccount({ day: 1_000 }, async ({ budget }) => {
    await budget.admit(request("r1", 400));
    expect(budget.used("turn_1")).toMatchObject({ day: 400, turn: 400 });
    budget.count(request("r1", 90));
    expect(budget.used("turn_1")).toMatchObject({ day: 90, turn: 90 });
  }));

it("counts a request once, however often it is told", () =>
  withAccount({ day: 1_000 }, async ({ budget }) => {
    await budget.admit(request("r1", 400));
    for (let times = 0; times < 3; times++) budget.count(request("r1", 500));
    await budget.admit(request("r1", 500));
    expect(budget.used("turn_1")).toMatchObject({ day: 500, turn: 500 });
  }));

it("writes nothing for a request that was never let through and took nothing", () =>
  withAccount({ day: 1_000 }, async ({ budget, rows }) => {
    budget.count(request("r1", 0));
    expect(rows()).toBe(0);
  }));

it("refuses a turn that has reached its budget, and no other turn", () =>
  withAccount({ turn: 100 }, async ({ budget }) => {
    await budget.admit(request("r1", 10));
    budget.count(request("r1", 99));
    expect(await budget.admit(request("r2", 10))).toBeNull();
    budget.count(request("r2", 21));
    expect(await budget.admit(request("r3", 10))).toEqual({ kind: "turn", limit: 100, used: 120, resets_at: null });
    expect(await budget.admit(request("r4", 10, "turn_2"))).toBeNull();
    expect(await budget.admit(request("r5", 10, null))).toBeNull();
  }));

it("refuses every turn on a spent day, until midnight UTC", () =>
  withAccount({ day: 100 }, async ({ budget, clock }) => {
    await budget.admit(request("r1", 10));
    budget.count(request("r1", 100));
    const spent = { kind: "day", limit: 100, used: 100, resets_at: MIDNIGHT };
    expect(await budget.admit(request("r2", 10, "turn_2"))).toEqual(spent);
    expect(budget.spentDay()).toEqual(spent);
    clock.now = MIDNIGHT - 1;
    expect(budget.spentDay()).toEqual(spent);
    clock.now = MIDNIGHT;
    expect(budget.spentDay()).toBeNull();
    expect(await budget.admit(request("r3", 10, "turn_2"))).toBeNull();
    expect(budget.used("turn_2")).toEqual({ day: 10, turn: 10, day_resets_at: MIDNIGHT + 86_400_000 });
  }));

it("leaves a request on the day on which it went out", () =>
  withAccount({ day: 100 }, async ({ budget, clock }) => {
    clock.now = MIDNIGHT - 1;
    await budget.admit(request("r1", 10));
    clock.now = MIDNIGHT + 1;
    budget.count(request("r1", 5_000));
    expect(budget.used("turn_1")).toMatchObject({ day: 0, turn: 5_000 });
  }));

it("goes on with a turn's budget beyond midnight", () =>
  withAccount({ turn: 100 }, async ({ budget, clock }) => {
    await budget.admit(request("r1", 10));
    budget.count(request("r1", 60));
    clock.now = MIDNIGHT;
    await budget.admit(request("r2", 10));
    budget.count(request("r2", 60));
    expect(await budget.admit(request("r3", 10))).toMatchObject({ kind: "turn", used: 120 });
  }));

it("waits for the number of the turn's last request, which is on its way", () =>
  withAccount({ turn: 100 }, async ({ budget }) => {
    await budget.admit(request("r1", 10));
    const next = budget.admit(request("r2", 10));
    budget.count(request("r1", 100));
    expect(await next).toMatchObject({ kind: "turn", used: 100 });
  }));

it("does not wait for ever for a number that was lost, and counts the estimate", () =>
  withAccount({ turn: 100 }, async ({ budget }) => {
    await budget.admit(request("r1", 40));
    const startedAt = Date.now();
    expect(await budget.admit(request("r2", 70))).toBeNull();
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(await budget.admit(request("r3", 10))).toMatchObject({ kind: "turn", used: 110 });
  }));

it("counts the requests of many turns at once", () =>
  withAccount({ day: 1_000_000 }, async ({ budget }) => {
    const ids = Array.from({ length: 50 }, (_, n) => n);
    await Promise.all(ids.map((n) => budget.admit(request(`r${n}`, 1_000, `turn_${n % 10}`))));
    for (const n of ids) budget.count(request(`r${n}`, n, `turn_${n % 10}`));
    expect(budget.used("turn_3")).toMatchObject({ day: 1_225, turn: 3 + 13 + 23 + 33 + 43 });
  }));

it("forgets what no turn can still need", () =>
  withAccount({ day: 1_000 }, async ({ budget, clock, rows }) => {
    for (let day = 0; day < 30; day++) {
      clock.now = NOON + day * 86_400_000;
      for (let n = 0; n < 5; n++) budget.count(request(`r${day}-${n}`, 1, `turn_${day}`));
    }
    // Three days: five requests, one turn and one sum each.
    expect(rows()).toBe(3 * 7);
  }));

it("goes by the setting as it is now", () =>
  withAccount({ day: 100 }, async ({ budget, limits }) => {
    budget.count(request("r1", 150));
    expect(budget.spentDay()).toMatchObject({ limit: 100 });
    limits.day = 200;
    expect(budget.spentDay()).toBeNull();
    limits.day = undefined;
    expect(await budget.admit(request("r2", 1))).toBeNull();
  }));

it("outlives the directory's isolate", async () => {
  const stub = directory();
  await deploy(stub, { MAX_TOKENS_PER_DAY: "100" });
  expect(await stub.admitModelRequest(request("r1", 60))).toBeNull();
  await stub.countModelRequest(request("r0", 50));
  const back = await forget(stub);
  await deploy(back, { MAX_TOKENS_PER_DAY: "100" });
  expect(await back.tokensUsed("turn_1")).toMatchObject({ day: 110, turn: 110 });
  expect(await back.spentDay()).toMatchObject({ used: 110, limit: 100 });
});
