// Many at once, in a form that is short enough for every run: `npm run test:load` has the long one. Where something must not grow, two
// sizes are compared: twice as much work must not take twice as much memory.
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadAgents } from "../load/agents.ts";
import { loadLargeTurn } from "../load/large-turn.ts";
import { loadSignIns } from "../load/sign-ins.ts";
import { loadWatchers } from "../load/watchers.ts";
import { DevServer } from "../support/dev-server.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import type { MemoryUse, Part } from "../support/memory.ts";

const PASSWORD = "the password of the load";
const CONTAINERS = 3;

let model: FakeModel;
let server: DevServer;

beforeAll(async () => {
  model = await startFakeModel();
  const limits = { MAX_CONCURRENT_SESSIONS: String(CONTAINERS), OWNER_PASSWORD: PASSWORD, LOG_LEVEL: "WARN" };
  server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url, ...limits } });
});

afterAll(async () => {
  await server?.stop();
  await model?.close();
});

it("many agents with turns that wait share few containers, and each gets its turns in order", async () => {
  const report = await loadAgents(server, { agents: 10, turns: 2, modelMs: 100, retryMs: 700 });
  expect(report).toMatchObject({ completed: 20, others: [], outOfOrder: 0 });
  expect(report.refusals).toBeGreaterThan(0);
  // The lease of one that is about to end goes to the next: each of them may have one before it.
  expect(report.memory.runners).toBeLessThanOrEqual(2 * CONTAINERS);
});

it("many watchers of one turn see all of it, a slow one as well", async () => {
  const watch = (lines: number) => loadWatchers(server, { rest: 40, mcp: 8, lines, gatherMs: 1_500 });
  const reports = [await watch(100), await watch(400)];
  for (const report of reports) expect(report).toMatchObject({ completed: 48, others: [], slow: "completed" });
  expect(reports.map(({ seen }) => seen)).toEqual([101, 401].map((lines) => ({ least: lines, most: lines })));
  // What one watcher may cost is held by test/unit/agent/watchers.test.ts; this is far above it, with what V8 has not collected yet.
  expect(growth(reports.at(-1)?.memory, "workerd")).toBeLessThan(150);
});

it("a turn with very many events stays readable, and takes no more memory when it is four times as long", async () => {
  const short = await loadLargeTurn(server, { agent_id: "short", megabytes: 1, lines: 300 });
  const long = await loadLargeTurn(server, { agent_id: "long", megabytes: 4, lines: 1_200 });
  expect(short).toMatchObject({ status: "completed", next: "completed" });
  expect(long).toMatchObject({ status: "completed", next: "completed" });
  // Each command has two lines, and the turn a first and a last one.
  expect([short.logLines, long.logLines]).toEqual([300 + 2 * 1 + 2, 1_200 + 2 * 4 + 2]);
  expect(growth(long.memory, "workerd")).toBeLessThan(80);
  expect(long.memory.peak.runner - short.memory.peak.runner).toBeLessThan(40);
});

it("many sign-ins leave as little behind as few", async () => {
  const report = await loadSignIns(server, { password: PASSWORD, signIns: 130, grants: 16, atOnce: 8 });
  expect(report).toMatchObject({ failures: [], attempts: 0 });
  expect(report.sessions).toBeLessThanOrEqual(100);
  expect(report.records).toBeLessThanOrEqual(8 * RECORDS_OF_A_CLIENT);
});

/** Client, grant, access token, and what the library keeps beside them. */
const RECORDS_OF_A_CLIENT = 5;

/** MiB. */
function growth(memory: MemoryUse | undefined, part: Part): number {
  return memory === undefined ? Number.NaN : memory.peak[part] - memory.before[part];
}
