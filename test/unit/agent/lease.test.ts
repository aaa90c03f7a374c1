import { expect, it } from "vitest";
import { createLogger } from "../../../container/lib/log.ts";
import { Lease } from "../../../src/agent/lease.ts";

function lab(answer: { granted: true } | { granted: false; full: "all" | "user" } = { granted: true }) {
  const told: string[] = [];
  const state = { isNeeded: true, isPlanned: false, isWanted: false, failures: 0, usedAt: 7, now: 1_000_000 };
  const lease = new Lease({
    retryMs: [0, 0],
    fleet: () => ({
      acquire: async ({ user_id }) => {
        if (state.failures-- > 0) throw new Error("the fleet was lost");
        told.push(`acquire ${user_id}`);
        return answer;
      },
      renew: async (_, userId, usedAt) => {
        told.push(`renew ${userId} ${usedAt}`);
        return state.isWanted;
      },
      release: async () => void told.push("release"),
    }),
    holder: "a1",
    limits: { all: 20, user: 5 },
    log: createLogger(() => {}, "ERROR"),
    isNeeded: () => state.isNeeded,
    userId: () => "ada",
    lastUsedAt: () => state.usedAt,
    makeRoom: async () => void told.push("make room"),
    now: () => state.now,
    schedules: {
      isPlanned: async () => state.isPlanned,
      plan: async (inSeconds) => void told.push(`plan ${inSeconds}`),
    },
  });
  return { lease, told, state };
}

it("is renewed by one schedule, however often it is taken", async () => {
  const { lease, told, state } = lab();
  await lease.acquire("ada");
  state.isPlanned = true;
  await lease.acquire("ada");
  expect(told).toEqual(["acquire ada", "plan 60", "acquire ada"]);
});

it.each([
  ["user", "You have as many agents at work as may be at once (MAX_SESSIONS_PER_USER: 5)."],
  ["all", "This server has as many agents at work as may be at once (MAX_CONCURRENT_SESSIONS: 20)."],
] as const)("that is refused for too many of %s says so, and what to do", async (full, words) => {
  const { lease, told } = lab({ granted: false, full });
  const refusal = await lease.acquire("ada").catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "busy", message: expect.stringContaining(words) });
  expect(told).toEqual(["acquire ada"]);
});

it("is renewed while the container is needed, and given back when it is not", async () => {
  const { lease, told, state } = lab();
  await lease.renew();
  state.isNeeded = false;
  await lease.renew();
  expect(told).toEqual(["plan 60", "renew ada 7", "release"]);
});

it("stays when the end of a container is told while the next one is on its way", async () => {
  const { lease, told } = lab();
  await lease.release();
  expect(told).toEqual([]);
});

it("goes back early where others wait and the container is idle, and not while it is used", async () => {
  const { lease, told, state } = lab();
  await lease.acquire("ada");
  state.usedAt = state.now;
  state.isWanted = true;
  await lease.renew();
  expect(told).not.toContain("make room");
  state.now += 60_000;
  await lease.renew();
  expect(told).toContain("make room");
});

it("does not go back early for idleness alone", async () => {
  const { lease, told, state } = lab();
  await lease.acquire("ada");
  state.now += 3_600_000;
  await lease.renew();
  expect(told).not.toContain("make room");
  lease.assertShare();
});

it("takes no more turns after ten minutes while others wait, and takes them again once it has made room", async () => {
  const { lease, state, told } = lab();
  const refusal = expect.objectContaining({ code: "busy", message: expect.stringContaining("Try again in a minute") });
  await lease.acquire("ada");
  state.isWanted = true;
  for (let minute = 1; minute <= 9; minute++) {
    state.now += 60_000;
    state.usedAt = state.now;
    await lease.renew();
    lease.assertShare();
  }
  state.now += 60_000;
  state.usedAt = state.now;
  await lease.renew();
  expect(() => lease.assertShare()).toThrow(refusal);
  expect(told).toContain("make room");
  state.isNeeded = false;
  await lease.release();
  lease.assertShare();
});

it("is had from a fleet that is lost in the middle", async () => {
  const { lease, told, state } = lab();
  state.failures = 2;
  await lease.acquire("ada");
  expect(told).toContain("acquire ada");
});

it("is refused with a reason where the fleet does not answer", async () => {
  const { lease, state } = lab();
  state.failures = 3;
  await expect(lease.acquire("ada")).rejects.toMatchObject({ code: "container_unavailable" });
});
