// How an agent reports itself: the newest state always gets through in the end.
import { expect, it } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import { Reporter } from "../../src/agent/reporter.ts";
import type { AgentReport } from "../../src/lib/agent-report.ts";
import { eventually } from "./support/agents.ts";
import { report } from "./support/fleet.ts";

type Send = (report: AgentReport, sent: number) => Promise<number>;

it("tells the state as it is when the report goes out", async () => {
  const { reporter, sent, state } = setUp();
  state.turns = 5;
  reporter.changed();
  await eventually(() => sent.length === 1);
  expect(sent[0]).toMatchObject({ turns: 5 });
});

it("tells changes that come while a report is on its way by one more", async () => {
  const gate = Promise.withResolvers<void>();
  const { reporter, sent, state } = setUp(async ({ number }, count) => {
    if (count === 1) await gate.promise;
    return number;
  });
  for (state.turns = 1; state.turns < 6; state.turns++) reporter.changed();
  gate.resolve();
  await eventually(() => sent.length === 2);
  expect(sent[1]?.turns).toBe(6);
  expect(sent[1]?.number).toBeGreaterThan(sent[0]?.number ?? Number.POSITIVE_INFINITY);
});

it("tries again where the directory fails, and then gives the state of that time", async () => {
  const { reporter, sent, state } = setUp(async ({ number }, count) => {
    if (count < 3) throw new Error("away");
    return number;
  });
  reporter.changed();
  state.turns = 9;
  await eventually(() => sent.length === 3);
  expect(sent[2]?.turns).toBe(9);
});

it("leaves a report that is lost for good to the next change", async () => {
  let isAway = true;
  const { reporter, sent, idle } = setUp(async ({ number }) => {
    if (isAway) throw new Error("away");
    return number;
  });
  reporter.changed();
  await idle();
  const attempts = sent.length;
  isAway = false;
  reporter.changed();
  await eventually(() => sent.length === attempts + 1);
});

it("goes on above a number that the directory knows and it has forgotten", async () => {
  const known = Date.now() + 1_000_000;
  const { reporter, sent } = setUp(async ({ number }) => Math.max(number, known));
  reporter.changed();
  await eventually(() => sent.length === 2);
  expect(sent[1]?.number).toBe(known + 1);
});

it("never uses a number twice, whatever the clock does", async () => {
  const times = [1_000, 1_000, 5];
  const { reporter } = setUp(undefined, () => times.shift() ?? 0);
  const numbers = [reporter.nextNumber(), reporter.nextNumber(), reporter.nextNumber()];
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
});

function setUp(send: Send = async ({ number }) => number, now = Date.now) {
  const state = report("a");
  const sent: AgentReport[] = [];
  const pending: Promise<void>[] = [];
  const reporter = new Reporter({
    read: () => ({ ...state }),
    send: (each) => {
      sent.push(each);
      return send(each, sent.length);
    },
    now,
    waitUntil: (promise) => void pending.push(promise),
    log: createLogger(console.log, "DEBUG"),
    retryMs: [1, 5],
  });
  return { reporter, sent, state, idle: () => Promise.all(pending) };
}
