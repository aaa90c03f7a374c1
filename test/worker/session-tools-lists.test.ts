// Lists of agents: their pages, what they cost, and what is refused.
import { expect, it } from "vitest";
import type { CallContext } from "../../src/tools/call-context.ts";
import { TOOLS } from "../../src/tools/catalogue.ts";
import type { SessionList } from "../../src/tools/list-sessions.ts";
import { callTool, inIndex, look, newUser, report } from "./support/fleet.ts";

const sessions = (user: CallContext, parameters = {}) => look<SessionList>(user, "list_sessions", parameters);

it("lists a page out of 10 000 agents in a time that does not grow with them", async () => {
  const few = newUser();
  await inIndex(few, (index) => fill(index, 60));
  const many = newUser();
  await inIndex(many, (index) => fill(index, 10_000));
  const [short, long] = [await medianMs(few), await medianMs(many)];
  expect(long).toBeLessThan(50);
  expect(long).toBeLessThan(short * 3 + 10);
  expect(await sessions(many)).toMatchObject({ total: 10_000, next_cursor: expect.any(String) });
});

it("walks through every agent by cursor in any page size", async () => {
  const user = newUser();
  await inIndex(user, (index) => fill(index, 45));
  const seen: string[] = [];
  for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page++) {
    const list: SessionList = await sessions(user, { limit: 10, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...list.sessions.map(({ agent_id }) => agent_id));
    cursor = list.next_cursor;
  }
  expect([seen.length, new Set(seen).size]).toEqual([45, 45]);
});

it.each([
  ["list_sessions", { limit: 0 }],
  ["list_sessions", { limit: 201 }],
  ["list_sessions", { status: "awake" }],
  ["list_sessions", { cursor: "nonsense" }],
  ["get_agent_status", { agent_id: "../x" }],
  ["list_active_agents", { limit: "many" }],
  ["cleanup_inactive_agents", { inactive_for_seconds: -1 }],
  ["health_check", { verbose: true }],
])("refuses %s with %j, naming what is wrong", async (name, parameters) => {
  const { structured, failure, text } = await callTool(newUser(), name, parameters);
  expect(failure).toBe("invalid_input");
  expect(structured).toMatchObject({ status: "failed", error: { code: "invalid_input", retryable: false } });
  expect(text).toContain(Object.keys(parameters)[0]);
});

it("describes its tools truthfully and in few words", () => {
  const names = ["list_sessions", "get_my_session_info", "health_check", "get_agent_status", "list_active_agents"];
  const listed = TOOLS.map(({ run: _, ...tool }) => tool);
  for (const tool of listed.filter(({ name }) => names.includes(name))) {
    expect(tool.annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false, idempotentHint: true });
    expect(JSON.stringify(tool).length, tool.name).toBeLessThan(700);
  }
  expect(listed.find(({ name }) => name === "cleanup_inactive_agents")?.annotations).toMatchObject({
    readOnlyHint: false,
    destructiveHint: true,
  });
});

function fill(index: { put(each: ReturnType<typeof report>): void }, agents: number): void {
  for (let each = 0; each < agents; each++) index.put(report(`agent-${each}`, { last_active_at: each }));
}

/** Of a page of 50, after a first one that brings the directory up. */
async function medianMs(user: CallContext): Promise<number> {
  const times: number[] = [];
  for (let each = 0; each < 12; each++) {
    const startedAt = performance.now();
    const { sessions: page } = await sessions(user);
    times.push(performance.now() - startedAt);
    expect(page).toHaveLength(50);
  }
  return times.slice(1).sort((a, b) => a - b)[5] ?? Number.POSITIVE_INFINITY;
}
