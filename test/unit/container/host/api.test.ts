import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeModel, startFakeModel } from "../../../support/fake-model/fake-model.ts";
import { newAgent, TestHost } from "./lab.ts";

let model: FakeModel;
let host: TestHost;

beforeAll(async () => {
  model = await startFakeModel();
  host = await TestHost.start(model.url);
});
afterAll(async () => {
  await host.stop();
  await model.close();
});

const ROUTES: [method: string, action: string][] = [
  ["POST", "start"],
  ["GET", "exit?instance=x"],
  ["POST", "signal?instance=x"],
  ["POST", "destroy?instance=x"],
  ["DELETE", "disk"],
];

async function failureOf(response: Response): Promise<[status: number, code: unknown]> {
  return [response.status, ((await response.json()) as { code?: unknown }).code];
}

describe.each(ROUTES)("%s %s", (method, action) => {
  const path = `/agents/${newAgent()}/${action}`;
  const body = method === "GET" ? {} : { body: "{}" };

  it.each([
    ["no token", () => ""],
    ["a wrong token", () => `Bearer ${"x".repeat(48)}`],
    ["the start of the token", () => `Bearer ${host.token.slice(0, -1)}`],
    ["the token in another scheme", () => `Basic ${host.token}`],
  ])("refuses %s", async (_, authorization) => {
    const headers = { authorization: authorization() };
    expect(await failureOf(await host.request(path, { method, headers, ...body }))).toEqual([401, "unauthorized"]);
  });

  it.each([
    ["too short", "a".repeat(63)],
    ["too long", "a".repeat(65)],
    ["not hexadecimal", "g".repeat(64)],
    ["in capitals", "A".repeat(64)],
    ["a path upwards", `..%2f${"a".repeat(59)}`],
    ["empty", ""],
  ])("knows no agent whose id is %s", async (_, agent) => {
    const response = await host.request(`/agents/${agent}/${action}`, { method, ...body });
    expect(await failureOf(response)).toEqual([404, "not_found"]);
  });
});

it.each(["exit", "signal", "destroy"])("knows no instance to %s that it has not started", async (action) => {
  const agent = newAgent();
  const path = `/agents/${agent}/${action}?instance=00000000-0000-4000-8000-000000000000`;
  const init = action === "exit" ? {} : { method: "POST", body: JSON.stringify({ signal: 15 }) };
  expect(await failureOf(await host.request(path, init))).toEqual([404, "not_found"]);
});

it.each(["start", "destroy", "disk"])("does not %s by GET", async (action) => {
  expect((await host.request(`/agents/${newAgent()}/${action}`)).status).toBe(404);
});

describe("a body that is not right", () => {
  it.each([
    ["text that is no JSON", "start", "{"],
    ["no environment", "start", "{}"],
    ["an environment of numbers", "start", '{"env":{"A":1}}'],
    ["no signal", "signal?instance=x", "{}"],
    ["a signal that does not exist", "signal?instance=x", '{"signal":65}'],
    ["a name for a signal", "signal?instance=x", '{"signal":"SIGTERM"}'],
  ])("is refused: %s", async (_, action, body) => {
    const response = await host.request(`/agents/${newAgent()}/${action}`, { method: "POST", body });
    expect(await failureOf(response)).toEqual([400, "bad_request"]);
  });
});

it("says which setting stops its start", async () => {
  await expect(TestHost.start(model.url, { HOST_TOKEN: "short" })).rejects.toThrow(/cannot start:.*HOST_TOKEN/s);
});

it("says that a runner does not come up, and starts the next one", async () => {
  const agent = newAgent();
  await expect(host.startAgent(agent, { RUNNER_TOKEN: "too short" })).rejects.toThrow("500");
  expect(host.output.join("\n")).toContain("RUNNER_TOKEN");
  const { instance } = await host.startAgent(agent);
  expect((await host.post(agent, `destroy?instance=${instance}`)).status).toBe(200);
});
