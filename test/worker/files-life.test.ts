// Files in and out over an agent's life: asleep, at work, lost, rolled back, erased.
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { CodexAgent } from "../../src/agent/codex-agent.ts";
import { unwrap } from "../../src/errors.ts";
import type { CallContext } from "../../src/tools/call-context.ts";
import { type Agent, abort, eventually, inStore, run, settled, start, turn } from "./support/agents.ts";
import { breakBucket, checkpoints, fallAsleep, loseContainer, objects, write } from "./support/checkpoints.ts";
import { agentNamed, callTool, look, newUser } from "./support/fleet.ts";
import { lab } from "./support/lab.ts";

const it = test.concurrent;

const READS = [
  ["list_files", {}],
  ["read_files", { paths: ["a.txt"] }],
  ["get_diff", {}],
] as const;

it.each(READS)("%s starts nothing for an agent that does not exist", async (tool, parameters) => {
  const user = newUser();
  expect(await callTool(user, tool, parameters)).toMatchObject({ failure: "not_found" });
  expect(await lab.processes(agentNamed(user, "default"))).toEqual([]);
  expect(await look(user, "list_sessions")).toMatchObject({ total: 0 });
});

it("an agent can begin with files, and its first turn finds them", async () => {
  const { user, agent } = await withFile();
  expect(await look(user, "list_sessions")).toMatchObject({ total: 1, sessions: [{ turns: 0, status: "idle" }] });
  const told = await run(agent, turn([{ run: "cat a.txt" }, { say: "Read." }]));
  expect(told).toMatchObject({ status: "completed", evidence: { commands: [{ exit_code: 0 }] } });
});

it.each(READS)("%s wakes an agent that sleeps, with its files on another disk", async (tool, parameters) => {
  const { user, agent } = await withFile();
  await fallAsleep(agent);
  await lab.wipeDisk(agent);
  expect(JSON.stringify(await look(user, tool, parameters))).toContain("a.txt");
});

it("what was written is there after the container and its disk are lost", async () => {
  const { user, agent } = await withFile();
  await write(agent, "echo more >> a.txt");
  await look(user, "write_files", { files: [{ path: "b.txt", content: "b" }] });
  await loseContainer(agent);
  expect(await contentsOf(user, "a.txt", "b.txt")).toEqual(["hello\nmore\n", "b"]);
});

it("many who look at once bring a lost disk back once", async () => {
  const { user, agent } = await withFile();
  await loseContainer(agent);
  const all = await Promise.all([...Array(5)].map(() => contentsOf(user, "a.txt")));
  expect(all).toEqual(Array(5).fill(["hello\n"]));
});

it("files can be looked at while a turn is at work, and not be changed", async () => {
  const { user, agent } = await withFile();
  const { turn_id } = await start(agent, turn([{ run: "echo now > a.txt" }, { stallMs: 4_000 }], { access: "write" }));
  await eventually(async () => (await contentsOf(user, "a.txt"))[0] === "now\n");
  const files = [{ path: "b.txt", content: "b" }];
  for (const [tool, parameters] of [
    ["write_files", { files }],
    ["import_repository", { url: "https://git.invalid/a.git" }],
  ] as const) {
    const { failure, text } = await callTool(user, tool, parameters);
    expect([failure, text]).toEqual(["conflict", expect.stringContaining("cancel_turn")]);
  }
  expect(await agent.workspace().download("zip")).toMatchObject({ ok: false, code: "conflict" });
  await settled(agent, turn_id);
  expect(await look(user, "write_files", { files })).toMatchObject({ checkpoint_id: expect.any(String) });
});

it("files can be changed as soon as a turn is said to have ended", async () => {
  const { user, agent } = await withFile();
  for (let round = 0; round < 5; round++) {
    await run(agent, turn([{ run: `echo ${round} > turn.txt` }, { say: "Done." }], { access: "write" }));
    await look(user, "write_files", { files: [{ path: "a.txt", content: `${round}` }] });
  }
});

it("a turn that comes while files are written waits, and finds them", async () => {
  const { user, agent } = await withFile();
  const arriving = gated("hello from outside\n");
  const caller = { user_id: user.userId, agent_id: "default" };
  const uploading = agent.workspace().upload(caller, { format: "zip", mode: "merge" }, arriving.stream);
  const look = { inactive_since: Date.now() + 60_000, delete_data: false, dry_run: true };
  await eventually(async () => JSON.stringify(await agent.retire(look)).includes("its files are in use"));
  const { turn_id } = await start(agent, turn([{ run: "ls" }, { say: "Done." }]));
  expect(await agent.getTurn(turn_id)).toMatchObject({ ok: true, value: { status: "queued" } });
  arriving.release();
  // It is no archive.
  expect(await uploading).toMatchObject({ ok: false, code: "invalid_input" });
  expect(await settled(agent, turn_id)).toMatchObject({ status: "completed" });
});

it("calls that write at once go one after the other", async () => {
  const { user } = await withFile();
  const calls = [...Array(4)].map((_, n) => ({ files: [{ path: `${n}.txt`, content: `${n}` }] }));
  const answers = await Promise.all(calls.map((call) => look<{ checkpoint_id: string }>(user, "write_files", call)));
  expect(new Set(answers.map(({ checkpoint_id }) => checkpoint_id)).size).toBe(4);
  expect(await contentsOf(user, "0.txt", "1.txt", "2.txt", "3.txt")).toEqual(["0", "1", "2", "3"]);
});

it("a rollback goes back past what was written, and to it", async () => {
  const { user, agent } = await withFile();
  const { turn_id } = await write(agent, "echo turn > turn.txt");
  const { checkpoint_id } = await look(user, "write_files", { files: [{ path: "b.txt", content: "b" }] });
  await look(user, "write_files", { delete: ["a.txt"] });
  const { checkpoints: listed } = await look<{ checkpoints: object[] }>(user, "list_checkpoints");
  expect(listed).toMatchObject([{ reason: "write" }, { reason: "write", checkpoint_id }, { reason: "turn" }, {}]);
  await look(user, "rollback", { checkpoint_id });
  expect(await lab.shell(agent, "ls")).toBe("a.txt\nb.txt\nturn.txt\n");
  await look(user, "rollback", { turn_id });
  expect(await lab.shell(agent, "ls")).toBe("a.txt\nturn.txt\n");
});

it("a bucket that fails is told, and what was written is saved by the next call", async () => {
  const { user, agent } = await withFile();
  const mend = await breakBucket(agent, "put", () => Promise.reject(new Error("R2 is down")));
  const call = { files: [{ path: "b.txt", content: "b" }] };
  expect(await look(user, "write_files", call)).toMatchObject({
    checkpoint_id: null,
    notes: [expect.stringContaining("not saved")],
  });
  mend();
  expect(await look(user, "write_files", call)).toMatchObject({ checkpoint_id: expect.any(String), notes: [] });
  await loseContainer(agent);
  expect(await contentsOf(user, "b.txt")).toEqual(["b"]);
});

it("files that were written and not saved count as such, also where the object is lost on the way", async () => {
  const { user, agent } = await withFile();
  // A flag: a promise of the test may not be resolved from within the object.
  let isUploading = false;
  const mend = await breakBucket(agent, "put", () => {
    isUploading = true;
    return new Promise(() => {});
  });
  const writing = callTool(user, "write_files", { files: [{ path: "b.txt", content: "b" }] }).catch(() => "lost");
  await eventually(() => isUploading);
  const again = await abort(agent);
  mend();
  await writing;
  expect(await inStore(again, (store) => store.checkpoints.workspace().is_behind)).toBe(true);
  await look(user, "write_files", { files: [{ path: "c.txt", content: "c" }] });
  await loseContainer(again);
  expect(await contentsOf(user, "b.txt", "c.txt")).toEqual(["b", "c"]);
});

it("a call counts as use: the container stays up for SESSION_TIMEOUT from the last one", async () => {
  const { user, agent } = await withFile();
  const sleepAt = () =>
    runInDurableObject(agent, (instance) => (instance as unknown as { sleepAfterMs: number }).sleepAfterMs);
  const before = await sleepAt();
  const { last_active_at } = await look<{ last_active_at: string }>(user, "get_agent_status");
  await new Promise((resolve) => setTimeout(resolve, 20));
  await look(user, "list_files");
  expect(await sleepAt()).toBeGreaterThan(before);
  const after = await look<{ last_active_at: string }>(user, "get_agent_status");
  expect(after.last_active_at > last_active_at).toBe(true);
});

it("an agent neither sleeps nor is deleted while its files are in use", async () => {
  const { user, agent } = await withFile();
  const archive = unwrap(await agent.workspace().download("tar.zst"));
  await runInDurableObject(agent, (instance: CodexAgent) => instance.onActivityExpired());
  expect(await agent.yieldContainer()).toBe(false);
  const cleanup = { inactive_for_seconds: 0, delete_data: true };
  expect(await look(user, "cleanup_inactive_agents", cleanup)).toMatchObject({
    stopped: [],
    left: [{ reason: "its files are in use" }],
  });
  expect((await new Response(archive).bytes()).length).toBeGreaterThan(10);
  await eventually(async () => {
    const { stopped } = await look<{ stopped: object[] }>(user, "cleanup_inactive_agents", cleanup);
    return stopped.length === 1;
  });
  expect(await objects(agent)).toEqual([]);
  // For a moment it is still being deleted.
  await eventually(async () => (await callTool(user, "list_files")).failure === "not_found");
});

it("another user's agent is one that does not exist", async () => {
  const { user } = await withFile();
  const other = newUser();
  expect(await callTool(other, "read_files", { paths: ["a.txt"] })).toMatchObject({ failure: "not_found" });
  await look(other, "write_files", { files: [{ path: "a.txt", content: "other" }] });
  expect(await contentsOf(user, "a.txt")).toEqual(["hello\n"]);
});

async function withFile(): Promise<{ user: CallContext; agent: Agent }> {
  const user = newUser();
  await look(user, "write_files", { files: [{ path: "a.txt", content: "hello\n" }] });
  const agent = agentNamed(user, "default");
  expect((await checkpoints(agent)).map(({ reason }) => reason)).toEqual(["write"]);
  return { user, agent };
}

async function contentsOf(user: CallContext, ...paths: string[]): Promise<unknown[]> {
  const { files } = await look<{ files: { content?: string }[] }>(user, "read_files", { paths });
  return files.map(({ content }) => content);
}

/** A stream that waits before its end. */
function gated(text: string) {
  const gate = Promise.withResolvers<void>();
  let isRead = false;
  const stream = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      if (isRead) {
        await gate.promise;
        return controller.close();
      }
      isRead = true;
      controller.enqueue(new TextEncoder().encode(text));
    },
  });
  return { stream, release: gate.resolve };
}
