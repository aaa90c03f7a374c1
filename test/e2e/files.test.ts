// A large workspace through the whole server, by the programs that people use: whole, and without much memory.
import { execFile } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import { closeSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DevServer } from "../support/dev-server.ts";
import { commandLine, environmentOf, kill } from "../support/processes.ts";

const run = promisify(execFile);
const MIB = 1024 * 1024;
const SIZE = 200 * MIB;
/** Less than the file: what is on its way at a time, with what workerd collects late. */
const MAX_GROWTH = 120 * MIB;

let server: DevServer;
/** Of the agent "default". */
let workspace: string;

beforeAll(async () => {
  server = await DevServer.start();
  await callTool("write_files", { files: [{ path: "small.txt", content: "small" }] });
  const [disk = ""] = server.scratch.agentDirs();
  workspace = join(disk, "workspace");
  writeRandom(join(workspace, "large.bin"), SIZE);
}, 120_000);

afterAll(() => server?.stop());

it("200 MB go down and up again as they are, with curl and tar, in bounded memory", { timeout: 300_000 }, async () => {
  const sum = hashOf(join(workspace, "large.bin"));
  const archive = join(server.scratch.home, "workspace.tar.zst");
  // The first of each brings workerd to the size that it then keeps.
  await curl("-o", archive, url("default"));
  const down = await whileWatching(() => curl("-o", archive, url("default")));
  expect(statSync(archive).size).toBeGreaterThan(SIZE);
  const unpacked = join(server.scratch.home, "unpacked");
  await run("sh", ["-c", `mkdir ${unpacked} && tar --zstd -xf ${archive} -C ${unpacked}`]);
  expect(hashOf(join(unpacked, "large.bin"))).toBe(sum);
  await curl("-f", "-T", archive, `${url("other")}?mode=replace`);
  const up = await whileWatching(() => curl("-f", "-T", archive, `${url("other")}?mode=replace`));
  const [other] = server.scratch.agentDirs().filter((directory) => join(directory, "workspace") !== workspace);
  expect(hashOf(join(other ?? "", "workspace", "large.bin"))).toBe(sum);
  console.log(
    `workerd grew by ${Math.round(down / MIB)} MiB on the way down, ${Math.round(up / MIB)} MiB on the way up`,
  );
  expect(Math.max(down, up)).toBeLessThan(MAX_GROWTH);
});

it("a client that takes nothing holds nothing up for long in memory", { timeout: 60_000 }, async () => {
  const leaving = new AbortController();
  const grown = await whileWatching(async () => {
    const answer = await fetch(url("default"), { headers: authorization(), signal: leaving.signal });
    expect(answer.status).toBe(200);
    await sleep(3_000);
  });
  expect(grown).toBeLessThan(MAX_GROWTH);
  leaving.abort();
  await untilFree();
  expect(
    server
      .processes()
      .map(commandLine)
      .filter((line) => /\btar\b/.test(line)),
  ).toEqual([]);
});

it("a download that is cut off on the server's side is an error for curl", { timeout: 60_000 }, async () => {
  const target = join(server.scratch.home, "cut.tar.zst");
  const downloading = curl("--limit-rate", "20M", "-o", target, url("default"));
  await sleep(1_500);
  const runners = server.processes().filter((pid) => environmentOf(pid).DATA_DIR === dirname(workspace));
  for (const pid of runners) kill(pid, "SIGKILL");
  await expect(downloading).rejects.toMatchObject({ code: expect.any(Number) });
  await expect(run("tar", ["--zstd", "-tf", target])).rejects.toThrow();
});

it("an archive that is cut off on its way up changes nothing", { timeout: 60_000 }, async () => {
  const archive = join(server.scratch.home, "workspace.tar.zst");
  truncateSync(archive, SIZE / 2);
  await expect(curl("-f", "-T", archive, `${url("default")}?mode=replace`)).rejects.toMatchObject({ code: 22 });
  expect(statSync(join(workspace, "large.bin")).size).toBe(SIZE);
  rmSync(archive);
});

function url(agent: string): string {
  return `${server.url}/agents/${agent}/workspace.tar.zst`;
}

function authorization(): Record<string, string> {
  return { authorization: `Bearer ${server.token}` };
}

function curl(...args: string[]) {
  return run("curl", ["-sS", "-H", `authorization: Bearer ${server.token}`, ...args]);
}

async function callTool(name: string, parameters: object): Promise<{ status: number; body: unknown }> {
  const headers = { ...authorization(), "content-type": "application/json" };
  const answer = await fetch(`${server.url}/tools/${name}`, {
    method: "POST",
    headers,
    body: JSON.stringify(parameters),
  });
  return { status: answer.status, body: await answer.json() };
}

/** Resolves when nobody has the files any more. */
async function untilFree(): Promise<void> {
  const { status } = await callTool("write_files", { files: [{ path: "small.txt", content: "free" }] });
  expect(status).toBe(200);
}

function writeRandom(path: string, bytes: number): void {
  const file = openSync(path, "w");
  const buffer = Buffer.alloc(MIB);
  for (let written = 0; written < bytes; written += buffer.length) writeSync(file, randomFillSync(buffer));
  closeSync(file);
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** By how much workerd's memory grows meanwhile, at most, in bytes. */
async function whileWatching(work: () => Promise<unknown>): Promise<number> {
  const pids = server.processes().filter((pid) => commandLine(pid).includes("workerd"));
  const resident = (): number => pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
  const before = resident();
  expect(before).toBeGreaterThan(0);
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, resident());
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most - before;
}

function residentBytes(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}
