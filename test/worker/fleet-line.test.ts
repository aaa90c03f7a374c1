// Nobody asks for a lease in vain for ever: who has waited for long comes before those who have just come.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { Leases } from "../../src/fleet/leases.ts";

const MINUTE = 60_000;

it("keeps a lease for whoever has waited for two minutes, and for the longest waiting first", async () => {
  await inLeases(1, ({ ask, release, pass }) => {
    expect(ask("a")).toBe(true);
    expect(ask("b")).toBe("all");
    pass(30_000);
    expect(ask("c")).toBe("all");
    for (let n = 0; n < 3; n++) {
      pass(MINUTE - 1_000);
      expect([ask("b"), ask("c"), ask("a")]).toEqual(["all", "all", true]);
    }
    release("a");
    expect([ask("d"), ask("a"), ask("c")]).toEqual(["all", "all", "all"]);
    expect(ask("b")).toBe(true);
    release("b");
    expect([ask("d"), ask("c")]).toEqual(["all", true]);
  });
});

it("gives a lease that is free to whoever asks while nobody has waited for long", async () => {
  await inLeases(1, ({ ask, release, pass }) => {
    ask("a");
    ask("b");
    pass(MINUTE);
    release("a");
    expect(ask("c")).toBe(true);
  });
});

it("keeps nothing for those who do not come back", async () => {
  await inLeases(1, ({ ask, release, renew, pass }) => {
    ask("a");
    for (let n = 0; n < 3; n++) {
      ask("b");
      pass(MINUTE);
      renew("a");
    }
    expect(renew("a")).toBe(true);
    pass(MINUTE);
    expect(renew("a")).toBe(false);
    release("a");
    expect(ask("c")).toBe(true);
  });
});

it("lets nobody wait behind those who wait for a lease of their own user", async () => {
  await inLeases(3, ({ ask, renew, pass }) => {
    expect([ask("a1", "ada"), ask("a2", "ada"), ask("a3", "ada")]).toEqual([true, true, "user"]);
    for (let n = 0; n < 3; n++) {
      pass(MINUTE);
      for (const holder of ["a1", "a2", "a3"]) ask(holder, "ada");
    }
    expect(renew("a1", "ada")).toBe(true);
    expect(ask("b1", "bob")).toBe(true);
    expect(renew("b1", "bob")).toBe(false);
  });
});

it("serves many who ask again and again within as many rounds as there must be", async () => {
  await inLeases(4, ({ ask, release, pass }) => {
    const waiting = Array.from({ length: 50 }, (_, n) => `agent ${n}`);
    const servedIn = new Map<string, number>();
    // Whoever comes first in a round is served: always the same ones, were there no line.
    for (let round = 0; servedIn.size < 50 && round < 100; round++) {
      const served = waiting.filter((holder) => ask(holder) === true);
      for (const holder of served) if (!servedIn.has(holder)) servedIn.set(holder, round);
      pass(30_000);
      for (const holder of served) release(holder);
    }
    expect(servedIn.size).toBe(50);
    expect(Math.max(...servedIn.values())).toBeLessThanOrEqual(20);
  });
});

it("has no more than ten thousand places", async () => {
  await inLeases(1, ({ ask, sql }) => {
    ask("a");
    for (let n = 0; n < 10_050; n++) ask(`waits ${n}`);
    expect(sql.exec("SELECT COUNT(*) AS places FROM line").one()).toEqual({ places: 10_000 });
  });
});

interface Asking {
  /** True where it is granted, else of whom there are too many. */
  ask(holder: string, user?: string): true | "all" | "user";
  release(holder: string): void;
  renew(holder: string, user?: string): boolean;
  pass(ms: number): void;
  sql: SqlStorage;
}

/** So many leases in all, two of them for each user who has a name. */
function inLeases(all: number, work: (asking: Asking) => void): Promise<void> {
  return runInDurableObject(env.FLEET.getByName(crypto.randomUUID()), (_, { storage: { sql } }) => {
    let now = 1_000_000;
    const leases = new Leases(sql, () => now);
    work({
      ask: (holder, user) => {
        const limits = { all, user: user === undefined ? all : 2 };
        const answer = leases.acquire({ holder, user_id: user ?? `user of ${holder}`, limits });
        return answer.granted || answer.full;
      },
      release: (holder) => leases.release(holder),
      renew: (holder, user) => leases.renew(holder, user ?? `user of ${holder}`, now),
      pass: (ms) => {
        now += ms;
      },
      sql,
    });
  });
}
