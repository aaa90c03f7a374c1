// The tasks extension over the wire: a client that declares it gets a task for a turn, and follows it by `tasks/get`.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { type Step, script } from "../support/fake-model/script.ts";
import { request2026 } from "../support/mcp-wire.ts";
import { fetchAs } from "./support/mcp-identity.ts";

const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };
const NO_TASK = { code: -32_602, message: "There is no such task, or it has expired." };

it("a turn becomes a task at once, and the task has the call's own result in the end", async () => {
  const ada = fetchAs(newUser());
  const created = await call(ada, [{ stallMs: 500 }, { answer: { response: "Done." } }]);
  expect(created).toMatchObject({
    resultType: "task",
    taskId: expect.stringMatching(/^turn_\w+\.a\.b$/),
    status: "working",
    ttlMs: null,
    pollIntervalMs: 1_000,
  });
  expect(created).not.toHaveProperty("structuredContent");
  const first = await get(ada, created.taskId);
  expect(first).toMatchObject({ resultType: "complete", taskId: created.taskId, status: "working" });
  const last = await ended(ada, created.taskId);
  expect(last).toMatchObject({
    status: "completed",
    result: {
      structuredContent: { status: "completed", result: { response: "Done." } },
      content: [{ type: "text", text: expect.stringContaining("Done.") }],
    },
  });
  const { createdAt, lastUpdatedAt, ttlMs } = last;
  const lasted = Date.parse(String(lastUpdatedAt)) - Date.parse(String(createdAt));
  expect(ttlMs).toBe(lasted + readConfig(env).RESULT_TTL_SECONDS * 1_000);
});

it("a call that says how long it waits gets its result in place of a task", async () => {
  const answer = await call(fetchAs(newUser()), [{ answer: { response: "Quick." } }], { wait_seconds: 20 });
  expect(answer).toMatchObject({ structuredContent: { status: "completed", result: { response: "Quick." } } });
});

it("a call that is refused gets its refusal", async () => {
  const { result } = await request2026(fetchAs(newUser()), "tools/call", { name: "chat", arguments: {} }, TASKS);
  expect(result).toMatchObject({ isError: true, structuredContent: { error: { code: "invalid_input" } } });
});

it("a turn that failed is a completed task with an error of the tool", async () => {
  const ada = fetchAs(newUser());
  const { taskId } = await call(ada, [{ fail: { status: 400, body: { error: { message: "no" } } } }]);
  expect(await ended(ada, taskId)).toMatchObject({
    status: "completed",
    result: { isError: true, structuredContent: { status: "failed" } },
  });
});

it("cancelling the task ends the turn", async () => {
  const ada = fetchAs(newUser());
  const { taskId } = await call(ada, [{ run: "sleep 60" }]);
  const cancelled = await request2026(ada, "tasks/cancel", { taskId }, TASKS);
  expect(cancelled.result).toMatchObject({ resultType: "complete" });
  expect(await ended(ada, taskId)).toMatchObject({ status: "cancelled" });
});

it.each(["tasks/get", "tasks/update", "tasks/cancel"])("%s does not know the task of another user", async (method) => {
  const { taskId } = await call(fetchAs(newUser()), [{ answer: {} }]);
  const bob = fetchAs(newUser());
  for (const id of [taskId, "turn_0.a.b", "nonsense", "turn_0.../../x"]) {
    const { error } = await request2026(bob, method, { taskId: id, inputResponses: {} }, TASKS);
    expect(error).toEqual(NO_TASK);
  }
});

it.each(["tasks/get", "tasks/update", "tasks/cancel"])(
  "%s is refused where the extension was not declared",
  async (method) => {
    const { status, error } = await request2026(fetchAs(newUser()), method, { taskId: "turn_0.a", inputResponses: {} });
    expect([status, error]).toMatchObject([400, { code: -32_021, data: { requiredCapabilities: TASKS } }]);
  },
);

it("looking needs codex:read, and to end or answer needs codex:run", async () => {
  const user = newUser();
  const { taskId } = await call(fetchAs(user), [{ answer: {} }]);
  const look = await request2026(fetchAs(user, ["codex:run"]), "tasks/get", { taskId }, TASKS);
  const end = await request2026(fetchAs(user, ["codex:read"]), "tasks/cancel", { taskId }, TASKS);
  expect([look.error?.message, end.error?.message]).toEqual([
    expect.stringContaining("codex:read"),
    expect.stringContaining("codex:run"),
  ]);
});

it("without the extension nothing becomes a task", async () => {
  const parameters = { agent_id: "a.b", message: script({ answer: {} }), wait_seconds: 0 };
  const { result } = await request2026(fetchAs(newUser()), "tools/call", { name: "chat", arguments: parameters });
  expect(result).toMatchObject({ structuredContent: { status: "running" } });
});

type Fetch = ReturnType<typeof fetchAs>;

function newUser(): string {
  return `user-${crypto.randomUUID()}`;
}

async function call(fetch: Fetch, steps: Step[], parameters: object = {}): Promise<Record<string, unknown>> {
  const given = { agent_id: "a.b", message: `Hello. ${script(...steps)}`, ...parameters };
  const { result } = await request2026(fetch, "tools/call", { name: "chat", arguments: given }, TASKS);
  return result ?? {};
}

async function get(fetch: Fetch, taskId: unknown): Promise<Record<string, unknown>> {
  return (await request2026(fetch, "tasks/get", { taskId }, TASKS)).result ?? {};
}

async function ended(fetch: Fetch, taskId: unknown): Promise<Record<string, unknown>> {
  await expect.poll(async () => (await get(fetch, taskId)).status, { timeout: 15_000 }).not.toBe("working");
  return get(fetch, taskId);
}
