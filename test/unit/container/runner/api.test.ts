import { describe, expect, it } from "vitest";
import { RunnerFailure } from "../../../../container/protocol.ts";
import { turnSpec } from "../../../support/turn-record.ts";
import { useLab } from "./lab.ts";

const lab = useLab();

const ROUTES: [method: string, path: string][] = [
  ["GET", "/health"],
  ["GET", "/metrics"],
  ["GET", "/models"],
  ["GET", "/logs"],
  ["POST", "/turns"],
  ["GET", "/turns/t1/events"],
  ["POST", "/turns/t1/cancel"],
  ["PUT", "/threads/t1/rollout"],
  ["GET", "/no-such-route"],
];

async function failureOf(response: Response): Promise<[status: number, code: string]> {
  return [response.status, RunnerFailure.parse(await response.json()).code];
}

describe.each(ROUTES)("%s %s", (method, path) => {
  const body = method === "GET" ? {} : { body: "{}" };

  it.each([
    ["no token", () => ""],
    ["a wrong token", () => `Bearer ${"x".repeat(48)}`],
    ["the start of the token", () => `Bearer ${lab.runner.token.slice(0, -1)}`],
    ["more than the token", () => `Bearer ${lab.runner.token}x`],
    ["the token in another scheme", () => `Basic ${lab.runner.token}`],
  ])("refuses %s", async (_, authorization) => {
    const headers = { authorization: authorization() };
    expect(await failureOf(await lab.runner.request(path, { method, headers, ...body }))).toEqual([
      401,
      "unauthorized",
    ]);
  });
});

it.each([
  ["GET", "/no-such-route"],
  ["DELETE", "/turns"],
  ["GET", "/turns"],
  ["GET", "/turns/a%2Fb/events"],
])("knows no route %s %s", async (method, path) => {
  expect(await failureOf(await lab.runner.request(path, { method }))).toEqual([404, "not_found"]);
});

describe("a turn that cannot be understood", () => {
  const valid = turnSpec();

  it.each([
    ["text that is no JSON", '{"turn_id":'],
    ["an empty body", ""],
    ["no object", "[]"],
    ["another revision of the protocol", JSON.stringify({ ...valid, protocol: valid.protocol + 1 })],
    ["no revision of the protocol", JSON.stringify({ ...valid, protocol: undefined })],
    ["an empty turn id", JSON.stringify({ ...valid, turn_id: "" })],
    ["an unknown access", JSON.stringify({ ...valid, access: "admin" })],
    ["an unknown effort", JSON.stringify({ ...valid, effort: "bogus" })],
    ["no time at all", JSON.stringify({ ...valid, timeout_ms: 0 })],
    ["a negative number of bytes", JSON.stringify({ ...valid, rollout_bytes: -1 })],
  ])("is refused: %s", async (_, body) => {
    expect(await failureOf(await lab.runner.request("/turns", { method: "POST", body }))).toEqual([400, "bad_request"]);
    expect((await lab.runner.health()).active_turn).toBeNull();
  });

  it("is told which field is wrong", async () => {
    const body = JSON.stringify({ ...valid, timeout_ms: "soon" });
    const response = await lab.runner.request("/turns", { method: "POST", body });
    expect(RunnerFailure.parse(await response.json()).message).toContain("timeout_ms");
  });
});

it("calls a turn gone that it does not know", async () => {
  expect(await failureOf(await lab.runner.request("/turns/nobody/events"))).toEqual([404, "gone"]);
  expect(await failureOf(await lab.runner.request("/turns/nobody/cancel", { method: "POST" }))).toEqual([404, "gone"]);
});

it("says how it is", async () => {
  await expect.poll(async () => (await lab.runner.health()).app_server).toBe("ready");
  expect(await lab.runner.health()).toMatchObject({
    status: "ok",
    protocol: 1,
    incarnation: "inc_test",
    codex_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    app_server_restarts: 0,
    active_turn: null,
  });
});

it("names the turn that is at work", async () => {
  const turn = await lab.begin([{ delayMs: 300 }, { say: "done" }]);
  expect((await lab.runner.health()).active_turn).toBe(turn.turnId);
  await turn.settled;
  await expect.poll(async () => (await lab.runner.health()).active_turn).toBeNull();
});

it("lists the models of the catalogue with their efforts, one of them as the default", async () => {
  const models = await lab.runner.models();
  expect(models.filter(({ is_default }) => is_default)).toHaveLength(1);
  expect(models.find(({ id }) => id === "gpt-5.5")?.efforts).toEqual(expect.arrayContaining(["low", "medium", "high"]));
});

it("measures itself and Codex together", async () => {
  await lab.run([{ run: "echo x > file.txt" }, { say: "ok" }], { access: "write" });
  const metrics = await lab.runner.metrics();
  const { memory_bytes, memory_limit_bytes, processes, runner_rss_bytes, disk_bytes, cpu_percent, uptime_ms } = metrics;
  expect(processes).toBeGreaterThanOrEqual(2);
  expect(memory_bytes).toBeGreaterThan(50e6);
  expect(memory_bytes).toBeGreaterThan(runner_rss_bytes);
  expect(memory_bytes).toBeLessThan(2e9);
  expect(memory_limit_bytes === null || memory_limit_bytes > 50e6).toBe(true);
  expect(disk_bytes).toBeGreaterThan(10_000);
  expect(cpu_percent).toBeGreaterThan(0);
  expect(cpu_percent).toBeLessThan(10_000);
  expect(uptime_ms).toBeGreaterThan(0);
});

describe("the log", () => {
  it("is handed out from its end, as many lines as are wanted", async () => {
    const all = await lab.runner.logTail(1_000);
    expect(all.length).toBeGreaterThan(3);
    expect(await lab.runner.logTail(2)).toEqual(all.slice(-2));
    expect(all.join("\n")).toContain("turn accepted");
  });

  it("holds no token, also after a failure of the model", async () => {
    await lab.run([{ run: "env" }, { fail: { status: 400, body: `no Bearer ${lab.runner.modelToken}` } }]);
    const log = [...(await lab.runner.logTail(1_000)), ...lab.runner.output].join("\n");
    expect(log).toContain("turn accepted");
    expect(log).not.toContain(lab.runner.token);
    expect(log).not.toContain(lab.runner.modelToken);
  });
});
