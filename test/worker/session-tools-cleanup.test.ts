// cleanup_inactive_agents: what it stops, what it deletes, and what it leaves alone.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import type { CallContext } from "../../src/tools/call-context.ts";
import { eventually, inStore, turn } from "./support/agents.ts";
import { agentNamed, beginChat, callTool, chat, directoryOf, look, newUser, report } from "./support/fleet.ts";
import { lab, modelRequests } from "./support/lab.ts";

interface Cleanup {
  stopped: { agent_id: string; deleted: boolean; inactive_seconds: number }[];
  left: { agent_id: string; reason: string }[];
  has_more: boolean;
  dry_run: boolean;
}

const NOW = { inactive_for_seconds: 0 };
const cleanUp = (user: CallContext, parameters = {}) => look<Cleanup>(user, "cleanup_inactive_agents", parameters);

it("stops an idle agent, which goes on with its conversation later", async () => {
  const user = newUser();
  const { conversation_id } = await chat(user, "a1", { answer: { response: "Before the stop." } });
  await untilIdle(user, "a1");
  const { stopped, left } = await cleanUp(user, NOW);
  expect(stopped).toEqual([{ agent_id: "a1", deleted: false, inactive_seconds: expect.any(Number) }]);
  expect(left).toEqual([]);
  await eventually(async () => (await lab.processes(agentNamed(user, "a1"))).length === 0);
  const { message, turn_id } = await beginChat(user, "a1");
  const again = await look(user, "get_turn", { turn_id, agent_id: "a1" });
  expect(again).toMatchObject({ status: "completed", conversation_id });
  expect(JSON.stringify(await modelRequests(message))).toContain("Before the stop.");
});

it("leaves an agent with a turn at work alone, and one that was active too recently", async () => {
  const user = newUser();
  await chat(user, "recent");
  const { turn_id } = await beginChat(user, "busy", { stallMs: 1_500 }, { answer: { response: "Done." } });
  await untilIdle(user, "recent");
  await eventually(async () => (await look<{ total: number }>(user, "list_active_agents")).total === 2);
  const byDefault = await cleanUp(user);
  expect(byDefault.stopped).toEqual([]);
  expect(new Map(byDefault.left.map(({ agent_id, reason }) => [agent_id, reason]))).toEqual(
    new Map([
      ["recent", "active too recently"],
      ["busy", "a turn is at work"],
    ]),
  );
  const now = await cleanUp(user, { ...NOW, delete_data: true });
  expect(now.stopped).toMatchObject([{ agent_id: "recent", deleted: true }]);
  expect(now.left).toEqual([{ agent_id: "busy", reason: "a turn is at work" }]);
  expect(await look(user, "get_turn", { turn_id, agent_id: "busy" })).toMatchObject({ status: "completed" });
});

it("leaves an agent alone whose turn has come since the directory heard of it", async () => {
  const user = newUser();
  await beginChat(user, "a1", { stallMs: 15_000 });
  const agent = agentNamed(user, "a1");
  const request = { inactive_since: Date.now() + 60_000, delete_data: true, dry_run: false };
  expect(await agent.retire(request)).toMatchObject({ ok: true, value: { action: "left" } });
  expect(await inStore(agent, ({ turns }) => turns.firstOpen()?.tool)).toBe("chat");
});

it("only says what it would do in a dry run", async () => {
  const user = newUser();
  await chat(user, "a1");
  await untilIdle(user, "a1");
  const { stopped, dry_run } = await cleanUp(user, { ...NOW, delete_data: true, dry_run: true });
  expect([dry_run, stopped]).toMatchObject([true, [{ agent_id: "a1", deleted: true }]]);
  expect(await look(user, "get_agent_status", { agent_id: "a1" })).toMatchObject({ status: "idle", turns: 1 });
});

it("deletes all of an agent: what it stores, its files, its row, and the way back to its turns", async () => {
  const user = newUser();
  const { turn_id } = await chat(user, "a1");
  const agent = agentNamed(user, "a1");
  await lab.writeFile(agent, "kept.txt", "precious");
  await untilIdle(user, "a1");
  expect((await cleanUp(user, { ...NOW, delete_data: true })).stopped).toMatchObject([
    { agent_id: "a1", deleted: true },
  ]);
  expect(await lab.processes(agent)).toEqual([]);
  expect(await lab.readFile(agent, "kept.txt")).toBeNull();
  expect(await look(user, "list_sessions")).toEqual({ sessions: [], total: 0 });
  await untilReborn(user, "a1");
  const left = await runInDurableObject(agentNamed(user, "a1"), (_, { storage: { sql } }) =>
    ["agent", "turns", "events", "documents", "conversations", "rollouts", "incarnations"].filter(
      (table) => sql.exec(`SELECT * FROM ${table}`).toArray().length > 0,
    ),
  );
  expect(left).toEqual([]);
  expect(await callTool(user, "get_turn", { turn_id, agent_id: "a1" })).toMatchObject({ failure: "not_found" });
});

it("has nothing stored and no alarm once an agent is deleted", async () => {
  const user = newUser();
  await chat(user, "a1");
  await untilIdle(user, "a1");
  // Looked at from within, before its instance ends.
  const { tables, alarm } = await runInDurableObject(
    agentNamed(user, "a1"),
    async (instance: CodexAgent, { storage }) => {
      const request = { inactive_since: Date.now(), delete_data: true, dry_run: false };
      expect(await instance.retire(request)).toMatchObject({ ok: true, value: { action: "stopped", deleted: true } });
      const all = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();
      return { tables: all, alarm: await storage.getAlarm() };
    },
  );
  expect([tables, alarm]).toEqual([[], null]);
});

it("starts a deleted agent anew, in the list as well", async () => {
  const user = newUser();
  const before = await chat(user, "a1");
  await untilIdle(user, "a1");
  await cleanUp(user, { ...NOW, delete_data: true });
  await untilReborn(user, "a1");
  const after = await chat(user, "a1");
  expect(after.conversation_id).not.toBe(before.conversation_id);
  await eventually(async () => (await look<{ total: number }>(user, "list_sessions")).total === 1);
  expect(await look(user, "get_agent_status", { agent_id: "a1" })).toMatchObject({ turns: 1 });
});

it("takes no turn in while it is being deleted", async () => {
  const user = newUser();
  await chat(user, "a1");
  await untilIdle(user, "a1");
  const agent = agentNamed(user, "a1");
  const retiring = agent.retire({ inactive_since: Date.now(), delete_data: true, dry_run: false });
  expect(await agent.startTurn(turn())).toMatchObject({ ok: false, code: "busy" });
  expect(await retiring).toMatchObject({ ok: true, value: { deleted: true } });
});

it("deletes agents that sleep only where data is to be deleted", async () => {
  const user = newUser();
  await chat(user, "a1");
  await untilIdle(user, "a1");
  await cleanUp(user, NOW);
  await eventually(
    async () => (await look<{ total: number }>(user, "list_sessions", { status: "sleeping" })).total === 1,
  );
  expect(await cleanUp(user, NOW)).toMatchObject({ stopped: [], left: [] });
  expect((await cleanUp(user, { ...NOW, delete_data: true })).stopped).toMatchObject([
    { agent_id: "a1", deleted: true },
  ]);
});

it("removes from the list what has nothing behind it", async () => {
  const user = newUser();
  await directoryOf(user).report(report("ghost", { status: "idle", container_id: "inc_1" }));
  expect(await cleanUp(user)).toMatchObject({ stopped: [], left: [] });
  expect(await look(user, "list_sessions")).toMatchObject({ total: 0 });
});

it("says that there is more than it did in one call", async () => {
  const user = newUser();
  for (let each = 0; each < 101; each++) {
    await directoryOf(user).report(report(`ghost-${each}`, { status: "idle", container_id: "inc_1" }));
  }
  expect((await cleanUp(user)).has_more).toBe(true);
  expect((await cleanUp(user)).has_more).toBe(false);
});

it("never touches another user's agents", async () => {
  const [ada, bob] = [newUser(), newUser()];
  await Promise.all([chat(ada, "a1"), chat(bob, "a1")]);
  await Promise.all([untilIdle(ada, "a1"), untilIdle(bob, "a1")]);
  await cleanUp(ada, { ...NOW, delete_data: true });
  expect(await look(bob, "get_agent_status", { agent_id: "a1" })).toMatchObject({ status: "idle", turns: 1 });
});

async function untilIdle(user: CallContext, agentId: string): Promise<void> {
  await eventually(async () => (await directoryOf(user).list({ limit: 1, agent_id: agentId, status: "idle" })).ok);
  await eventually(async () => {
    const { total } = await look<{ total: number }>(user, "list_sessions", { agent_id: agentId, status: "idle" });
    return total === 1;
  });
}

/** The instance that has deleted itself is gone, and a new one answers. */
async function untilReborn(user: CallContext, agentId: string): Promise<void> {
  await eventually(() =>
    agentNamed(user, agentId)
      .getTurn("turn_1")
      .then(() => true)
      .catch(() => false),
  );
}

it("stops only the agent that is named, and knows no other user's", async () => {
  const user = newUser();
  for (const agent_id of ["a1", "a2"]) {
    await chat(user, agent_id);
    await untilIdle(user, agent_id);
  }
  const { stopped, left } = await cleanUp(user, { ...NOW, agent_id: "a1" });
  expect([stopped, left]).toMatchObject([[{ agent_id: "a1" }], []]);
  expect(await look(user, "list_active_agents")).toMatchObject({ agents: [{ agent_id: "a2" }] });
  expect(await cleanUp(newUser(), { ...NOW, agent_id: "a2", delete_data: true })).toMatchObject({
    stopped: [],
    left: [],
  });
});
