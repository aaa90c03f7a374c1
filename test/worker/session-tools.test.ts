// The tools that show a caller's agents, with the real runner and the real Codex behind them.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import type { CallContext } from "../../src/tools/call-context.ts";
import type { SessionList } from "../../src/tools/list-sessions.ts";
import type { SessionInfo } from "../../src/tools/session-info.ts";
import { connected, newAccount } from "./support/accounts.ts";
import { abort, eventually } from "./support/agents.ts";
import { agentNamed, beginChat, callTool, chat, directoryOf, look, newUser, report } from "./support/fleet.ts";
import { lab } from "./support/lab.ts";

const sessions = (user: CallContext, parameters = {}) => look<SessionList>(user, "list_sessions", parameters);
const SLOW = [{ stallMs: 15_000 }, { answer: { response: "Late." } }];

it("lists an agent from its first turn on, as it stands", async () => {
  const user = newUser();
  expect(await sessions(user)).toEqual({ sessions: [], total: 0 });
  const { conversation_id } = await chat(user, "a1");
  const { sessions: listed } = await eventually(async () => {
    const list = await sessions(user);
    return list.sessions[0]?.status === "idle" ? list : undefined;
  });
  expect(listed).toEqual([
    {
      session_id: agentNamed(user, "a1").id.toString().slice(0, 16),
      agent_id: "a1",
      status: "idle",
      container_id: expect.stringMatching(/^inc_/),
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      last_active_at: expect.stringMatching(/^\d{4}-.*Z$/),
      turns: 1,
      conversation_id,
    },
  ]);
});

it("shows an agent at work as running, and lists it under that status", async () => {
  const user = newUser();
  const { turn_id } = await beginChat(user, "a1", ...SLOW);
  const running = await eventually(async () => {
    const list = await sessions(user, { status: "running" });
    return list.total === 1 ? list : undefined;
  });
  expect(running.sessions).toMatchObject([{ agent_id: "a1", status: "running" }]);
  expect(await sessions(user, { status: "idle" })).toMatchObject({ sessions: [] });
  await callTool(user, "cancel_turn", { turn_id, agent_id: "a1" });
  await eventually(async () => (await sessions(user, { status: "idle" })).total === 1);
});

it("shows an agent as asleep once its container has ended", async () => {
  const user = newUser();
  await chat(user, "a1");
  await fallAsleep(user, "a1");
  await eventually(async () => (await sessions(user)).sessions[0]?.status === "sleeping");
  expect((await sessions(user)).sessions[0]).not.toHaveProperty("container_id");
  expect(await look(user, "get_agent_status", { agent_id: "a1" })).toMatchObject({
    status: "sleeping",
    container: { state: "stopped", memory_bytes: null, uptime_seconds: null },
  });
  expect(await lab.processes(agentNamed(user, "a1"))).toEqual([]);
});

it("makes a report good that was lost, as soon as somebody looks", async () => {
  const user = newUser();
  await chat(user, "a1");
  await fallAsleep(user, "a1");
  await eventually(async () => (await sessions(user, { status: "sleeping" })).total === 1);
  // As if nothing had been heard since it was at work.
  const number = Date.now() + 1_000;
  await directoryOf(user).report(report("a1", { number, status: "running", container_id: "inc_1" }));
  expect((await sessions(user)).sessions).toMatchObject([{ agent_id: "a1", status: "sleeping" }]);
  await eventually(async () => (await sessions(user, { status: "sleeping" })).total === 1);
  expect((await sessions(user, { status: "running" })).total).toBe(0);
});

it("keeps an agent's session id, and gives each start of its container an id of its own", async () => {
  const user = newUser();
  await chat(user, "a1");
  const before = await look<SessionInfo>(user, "get_agent_status", { agent_id: "a1" });
  await fallAsleep(user, "a1");
  await chat(user, "a1");
  const after = await look<SessionInfo>(user, "get_agent_status", { agent_id: "a1" });
  expect(after.session_id).toBe(before.session_id);
  expect(after.container_id).not.toBe(before.container_id);
  expect(after.turns).toBe(2);
});

it("lists an agent that knows nothing of itself as it was last reported", async () => {
  const user = newUser();
  await directoryOf(user).report(report("ghost", { status: "idle", container_id: "inc_1" }));
  expect((await sessions(user)).sessions).toMatchObject([{ agent_id: "ghost", status: "idle" }]);
});

it("tells what an agent's container uses, what it has done, and its log", async () => {
  const user = newUser();
  await chat(user, "a1");
  await chat(user, "a1", { fail: { status: 401 } }).catch(() => {});
  const status = await look(user, "get_agent_status", { agent_id: "a1" });
  expect(status).toMatchObject({
    agent_id: "a1",
    status: "idle",
    turns: 2,
    queue_length: 0,
    current_turn: null,
    last_error: { code: "model_auth_failed", message: expect.stringContaining("OPENAI_API_KEY") },
    container: { state: "running", uptime_seconds: expect.any(Number) },
    credential: { method: "api_key", source: "server", problem: null, rate_limits: null },
  });
  const { container, tokens_used, log_lines } = status as Record<string, Record<string, number>>;
  expect(container?.memory_bytes).toBeGreaterThan(10_000_000);
  expect(container?.disk_bytes).toBeGreaterThan(0);
  expect(tokens_used?.output_tokens).toBeGreaterThan(0);
  expect(JSON.stringify(log_lines)).toContain("turn accepted");
});

it("tells what is left of the caller's ChatGPT plan", async () => {
  const user = newUser();
  await chat(user, "a1");
  await connected(await newAccount({ plan: "plus", used_percent: 99 }), user.userId);
  const { structured, text } = await callTool(user, "get_agent_status", { agent_id: "a1" });
  expect(structured).toMatchObject({
    credential: { method: "oauth", source: "own", plan: "plus", rate_limits: { primary: { used_percent: 99 } } },
  });
  expect(text).toContain("ChatGPT plus: 99 % of 5 hours used");
});

it("tells the turn at work and how many wait behind it", async () => {
  const user = newUser();
  const { turn_id } = await beginChat(user, "a1", { run: "echo begun" }, ...SLOW);
  await beginChat(user, "a1");
  const status = await eventually(async () => {
    const each = await look<{ current_turn: { progress: string | null } }>(user, "get_agent_status", {
      agent_id: "a1",
    });
    return each.current_turn.progress?.includes("echo begun") ? each : undefined;
  });
  expect(status).toMatchObject({
    status: "running",
    queue_length: 1,
    current_turn: { turn_id, tool: "chat", status: "running", started_at: expect.any(String) },
  });
});

it("goes on counting turns and tokens over the loss of its isolate", async () => {
  const user = newUser();
  await chat(user, "a1");
  const before = await look<{ tokens_used: object }>(user, "get_agent_status", { agent_id: "a1" });
  await abort(agentNamed(user, "a1"));
  const after = await look(user, "get_agent_status", { agent_id: "a1" });
  expect(after).toMatchObject({ turns: 1, tokens_used: before.tokens_used });
});

it("lists only agents whose container is up as active, with what they use", async () => {
  const user = newUser();
  await Promise.all([chat(user, "up"), chat(user, "asleep")]);
  await fallAsleep(user, "asleep");
  await eventually(async () => (await look<{ total: number }>(user, "list_active_agents")).total === 1);
  expect(await look(user, "list_active_agents")).toMatchObject({
    agents: [{ agent_id: "up", container: { state: "running", memory_bytes: expect.any(Number) } }],
    total: 1,
  });
});

it("tells a caller who they are and where their agent stands", async () => {
  const user = newUser();
  const { conversation_id } = await chat(user, "default");
  const caller = { user_id: user.userId, client_id: "client", scopes: ["codex:read", "codex:run", "codex:admin"] };
  expect(await look(user, "get_my_session_info")).toMatchObject({
    caller,
    session: { agent_id: "default", turns: 1 },
    conversation_id,
    current_turn: null,
  });
  expect(await look(user, "get_my_session_info", { agent_id: "none" })).toEqual({
    caller,
    session: null,
    conversation_id: null,
    current_turn: null,
  });
});

describe("two users", () => {
  it("never see each other's agents, also under the same name", async () => {
    const [ada, bob] = [newUser(), newUser()];
    await Promise.all([chat(ada, "a1"), chat(bob, "a1"), chat(bob, "b2")]);
    await eventually(async () => (await sessions(bob)).total === 2);
    expect((await sessions(ada)).sessions.map(({ agent_id }) => agent_id)).toEqual(["a1"]);
    expect(await look(ada, "list_active_agents")).toMatchObject({ total: 1, agents: [{ agent_id: "a1" }] });
    const [hers, his] = [await sessions(ada), await sessions(bob, { agent_id: "a1" })];
    expect(hers.sessions[0]?.session_id).not.toBe(his.sessions[0]?.session_id);
  });

  it("get the same answer for an agent of the other as for one that does not exist", async () => {
    const [ada, bob] = [newUser(), newUser()];
    const { turn_id } = await chat(bob, "b2");
    for (const [name, rest] of [
      ["get_agent_status", {}],
      ["get_my_session_info", {}],
      ["list_sessions", {}],
      ["get_turn", { turn_id }],
      ["cancel_turn", { turn_id }],
    ] as const) {
      const [foreign, unknown] = await Promise.all(
        ["b2", "nobody"].map((agent_id) => callTool(ada, name, { ...rest, agent_id })),
      );
      expect(foreign, name).toEqual(unknown);
    }
  });
});

async function fallAsleep(user: CallContext, agentId: string): Promise<void> {
  const agent = agentNamed(user, agentId);
  await runInDurableObject(agent, (instance: CodexAgent) => instance.onActivityExpired());
  await eventually(async () => (await lab.processes(agent)).length === 0);
}
