// How often something may be tried, by one address and by all.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { Attempts } from "../../src/fleet/attempts.ts";

const LIMITS = { window_ms: 1_000, per_address: 3, in_all: 5 };

function inFleet(work: (attempts: Attempts, clock: { now: number }) => void): Promise<void> {
  return runInDurableObject(env.FLEET.getByName(crypto.randomUUID()), (_, { storage }) => {
    const clock = { now: 1_000_000 };
    work(new Attempts(storage.sql, () => clock.now), clock);
  });
}

it("lets an address try as often as it may, and says when it may again", () =>
  inFleet((attempts, clock) => {
    for (const at of [0, 100, 200]) {
      clock.now = 1_000_000 + at;
      expect(attempts.admit("password", "a", LIMITS)).toBeNull();
    }
    clock.now = 1_000_300;
    expect(attempts.admit("password", "a", LIMITS)).toBe(700);
    expect(attempts.admit("password", "b", LIMITS)).toBeNull();
    clock.now = 1_001_000;
    expect(attempts.admit("password", "a", LIMITS)).toBeNull();
    expect(attempts.admit("password", "a", LIMITS)).toBe(100);
  }));

it("lets all addresses together try as often as they may", () =>
  inFleet((attempts, clock) => {
    for (let index = 0; index < 5; index++) expect(attempts.admit("password", `a${index}`, LIMITS)).toBeNull();
    expect(attempts.admit("password", "another", LIMITS)).toBe(1_000);
    expect(attempts.admit("registration", "another", LIMITS)).toBeNull();
    clock.now += 1_000;
    expect(attempts.admit("password", "another", LIMITS)).toBeNull();
  }));

it("does not count what it refuses: a stubborn client is not kept out for ever", () =>
  inFleet((attempts, clock) => {
    for (let index = 0; index < 3; index++) attempts.admit("password", "a", LIMITS);
    for (let index = 0; index < 20; index++) attempts.admit("password", "a", LIMITS);
    clock.now += 1_000;
    expect(attempts.admit("password", "a", LIMITS)).toBeNull();
  }));

it("forgets an address that has proved itself", () =>
  inFleet((attempts) => {
    for (let index = 0; index < 3; index++) attempts.admit("password", "a", LIMITS);
    attempts.forgive("password", "a");
    expect(attempts.admit("password", "a", LIMITS)).toBeNull();
  }));

it("keeps one signing secret", async () => {
  const fleet = env.FLEET.getByName(crypto.randomUUID());
  const secret = await fleet.signingSecret();
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(await fleet.signingSecret()).toBe(secret);
});
