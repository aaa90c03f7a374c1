// The tools over plain HTTP, at the Worker's real port.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { script } from "../support/fake-model/script.ts";
import { eventually } from "./support/agents.ts";
import { modelRequests } from "./support/lab.ts";
import { workerLog } from "./support/worker-log.ts";

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

const JSON_TYPE = { "content-type": "application/json" };
const ANSWER = { answer: { response: "Hi there." } };

it("runs a tool that is posted to, and answers with what MCP gives as structured content", async () => {
  const agent_id = newAgentId();
  const answer = await post("chat", { message: `Hello ${script(ANSWER)}`, agent_id });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toContain("application/json");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.body).toMatchObject({ status: "completed", agent_id, result: { response: "Hi there." }, usage: {} });
});

it("answers 200 with a turn that runs, which is picked up by a GET", async () => {
  const agent_id = newAgentId();
  const message = `Hello ${script({ stallMs: 300 }, ANSWER)}`;
  const begun = await post("chat", { message, agent_id, wait_seconds: 0 });
  expect([begun.status, begun.body]).toMatchObject([200, { status: "running" }]);
  const query = new URLSearchParams({ turn_id: String(begun.body.turn_id), agent_id, wait_seconds: "20" });
  const ended = await get(`get_turn?${query}`);
  expect([ended.status, ended.body]).toMatchObject([200, { status: "completed", result: { response: "Hi there." } }]);
});

it("takes the predecessor's names for the same tools", async () => {
  const agent_id = newAgentId();
  const answer = await post("codex_chat", { message: `Hello ${script(ANSWER)}`, agent_id });
  expect([answer.status, answer.body]).toMatchObject([200, { status: "completed", agent_id }]);
  expect((await get("codex_list_sessions")).status).toBe(200);
});

describe("the predecessor's curl lines, with a token", () => {
  it("creates an agent", async () => {
    const agent_id = newAgentId();
    const answer = await send("codex_chat", {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify({ message: "Hello Codex", agent_id }),
    });
    expect([answer.status, answer.body]).toMatchObject([200, { status: "completed", agent_id }]);
  });

  it("lists the active agents", async () => {
    const { agent_id } = await begin();
    const answer = await eventually(async () => {
      const each = await get("list_active_agents?limit=200");
      return JSON.stringify(each.body).includes(agent_id) ? each : undefined;
    });
    expect(answer.status).toBe(200);
  });

  it("checks a specific agent, with what curl -d sends", async () => {
    const { agent_id } = await begin();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await send("get_agent_status", { method: "POST", headers, body: JSON.stringify({ agent_id }) });
    expect([answer.status, answer.body]).toMatchObject([200, { agent_id, turns: 1 }]);
  });

  it("cleans up by a plain GET, which never deletes anything", async () => {
    const answer = await get("cleanup_inactive_agents");
    expect([answer.status, answer.body]).toMatchObject([200, { dry_run: false, stopped: [], left: expect.any(Array) }]);
    const refused = await get("cleanup_inactive_agents?delete_data=true");
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

it("answers GET for tools that only look, with numbers and booleans read from the query", async () => {
  expect((await get("health_check")).body).toMatchObject({ checks: expect.any(Array) });
  expect((await get("list_sessions?limit=1&status=idle")).status).toBe(200);
  expect((await get("cleanup_inactive_agents?dry_run=true&inactive_for_seconds=86400")).body).toMatchObject({
    dry_run: true,
    stopped: [],
  });
  const refused = await get("list_sessions?limit=many");
  expect([refused.status, JSON.stringify(refused.body)]).toMatchObject([400, expect.stringContaining("limit")]);
});

it("maps failures to the status of their code, with the code in the body", async () => {
  const cases = [
    [await post("chat", { message: "" }), 400, "invalid_input"],
    [await post("chat", { message: "Hi", agent_id: newAgentId(), conversation_id: "conv_1" }), 404, "not_found"],
    [await get("get_agent_status?agent_id=nobody"), 404, "not_found"],
    [
      await post("chat", { message: script({ fail: { status: 401 } }), agent_id: newAgentId() }),
      422,
      "model_auth_failed",
    ],
  ] as const;
  for (const [{ status, body }, expected, code] of cases) {
    expect([status, body]).toMatchObject([
      expected,
      { status: "failed", error: { code, message: expect.any(String) } },
    ]);
  }
});

it("passes the caller's correlation id through to the runner, and gives it back", async () => {
  const id = `corr-${crypto.randomUUID()}`;
  const agent_id = newAgentId();
  const body = JSON.stringify({ message: `Hello ${script(ANSWER)}`, agent_id });
  const answer = await send("chat", { method: "POST", headers: { ...JSON_TYPE, "x-correlation-id": id }, body });
  expect(answer.headers.get("x-correlation-id")).toBe(id);
  expect(workerLog().some((line) => line.includes(id) && line.includes("turn accepted"))).toBe(true);
  expect((await get("health_check")).headers.get("x-correlation-id")).toMatch(/^req_/);
});

it("lets a turn go on whose caller has left", async () => {
  const message = `Hello ${crypto.randomUUID()} ${script({ stallMs: 1_000 }, ANSWER)}`;
  const agent_id = newAgentId();
  const leaving = new AbortController();
  const call = send("chat", {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify({ message, agent_id }),
    signal: leaving.signal,
  });
  await eventually(async () => (await modelRequests(message)).length > 0);
  leaving.abort();
  await expect(call).rejects.toThrow();
  const status = await eventually(async () => {
    const { body } = await get(`get_agent_status?agent_id=${agent_id}`);
    return body.current_turn === null ? body : undefined;
  });
  expect(status).toMatchObject({ status: "idle", turns: 1, last_error: null });
});

async function begin(): Promise<{ agent_id: string }> {
  const agent_id = newAgentId();
  await post("chat", { message: `Hello ${script(ANSWER)}`, agent_id });
  return { agent_id };
}

function newAgentId(): string {
  return `rest-${crypto.randomUUID()}`;
}

function post(tool: string, parameters: object): Promise<Answer> {
  return send(tool, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(parameters) });
}

function get(path: string): Promise<Answer> {
  return send(path, {});
}

async function send(path: string, init: RequestInit): Promise<Answer> {
  const headers = { authorization: `Bearer ${env.DEV_TOKEN}`, ...init.headers };
  const response = await fetch(`${env.WORKER_URL}/tools/${path}`, { ...init, headers });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
