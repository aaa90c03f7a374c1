// How much of a conversation the disk holds, by the file that Codex opened, or by a search.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CodexConnection } from "../../../../../container/runner/codex/app-server.ts";
import type { RpcConnection } from "../../../../../container/runner/codex/rpc.ts";
import { OpenJail } from "../../../../../container/runner/jail.ts";
import { Threads } from "../../../../../container/runner/turn/threads.ts";
import { makeScratchDir } from "../../../../support/app-server-driver.ts";

const THREAD = "0199aaaa-0000-7000-8000-000000000001";

let home: string;
let sessions: string;
let path: string;
let threads: Threads;

beforeEach(async () => {
  home = makeScratchDir("threads-");
  sessions = join(home, "sessions/2026/11/20");
  mkdirSync(sessions, { recursive: true });
  path = join(sessions, `rollout-2026-11-20T00-00-00-${THREAD}.jsonl`);
  writeFileSync(path, "12345");
  threads = new Threads(home, home);
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

async function open(at: string): Promise<void> {
  // A Codex that has the thread's file there.
  const rpc = { request: async () => ({ thread: { id: THREAD, path: at }, model: "m" }) } as unknown as RpcConnection;
  const connection: CodexConnection = { rpc, generation: 1, ended: new AbortController().signal };
  const policy = new OpenJail(home).policy("read", "auto");
  await threads.open(connection, { threadId: THREAD, sentBytes: 0, model: "m", policy, instructions: null });
}

it("finds a conversation that Codex has not opened yet", async () => {
  expect(await threads.rolloutBytes(THREAD)).toBe(5);
});

it("knows an open one by its file, as that grows", async () => {
  // Nowhere a search would come to.
  const elsewhere = join(home, "elsewhere.jsonl");
  renameSync(path, elsewhere);
  await open(elsewhere);
  expect(await threads.rolloutBytes(THREAD)).toBe(5);
  writeFileSync(elsewhere, "1234567");
  expect(await threads.rolloutBytes(THREAD)).toBe(7);
});

it("looks for one again whose file was replaced by another", async () => {
  await open(path);
  rmSync(path);
  writeFileSync(join(sessions, `rollout-2026-11-21T00-00-00-${THREAD}.jsonl`), "123");
  expect(await threads.rolloutBytes(THREAD)).toBe(3);
});

it("has nothing of one that is gone, and of one that never was", async () => {
  await open(path);
  rmSync(path);
  expect(await threads.rolloutBytes(THREAD)).toBe(0);
  expect(await threads.rolloutBytes("0199aaaa-0000-7000-8000-000000000002")).toBe(0);
});
