import { spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RunnerMetrics } from "../../../../container/protocol.ts";
import { MetricsReader } from "../../../../container/runner/metrics.ts";
import { makeScratchDir } from "../../../support/app-server-driver.ts";

let root: string;
beforeEach(() => {
  root = makeScratchDir("metrics-");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function spin(ms: number): void {
  for (const end = Date.now() + ms; Date.now() < end; );
}

it("reads what the protocol promises", async () => {
  const metrics = await new MetricsReader(root).read();
  expect(RunnerMetrics.parse(metrics)).toEqual(metrics);
  expect(metrics.memory_bytes).toBeGreaterThanOrEqual(20e6);
  expect(metrics.memory_bytes).toBeLessThan(20e9);
  expect(metrics.uptime_ms).toBeLessThan(5_000);
});

it("counts the processes below this one, with their memory", async () => {
  const reader = new MetricsReader(root);
  const before = await reader.read();
  const child = spawn("sh", ["-c", "sleep 60 & sleep 60"], { detached: true });
  const counted = async () => (await reader.read()).processes - before.processes;
  try {
    await expect.poll(counted).toBe(3);
    expect((await reader.read()).memory_bytes).toBeGreaterThan(before.memory_bytes);
  } finally {
    process.kill(-(child.pid ?? 0), "SIGKILL");
  }
  await expect.poll(counted).toBe(0);
});

it("takes the processor time since the last reading, 100 for one core", async () => {
  const reader = new MetricsReader(root);
  await reader.read();
  spin(300);
  const busy = (await reader.read()).cpu_percent;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const idle = (await reader.read()).cpu_percent;
  expect(busy).toBeGreaterThan(20);
  expect(busy).toBeLessThan(400);
  expect(idle).toBeLessThan(busy / 2);
});

describe("the bytes on disk", () => {
  const diskBytes = async (directory = root) => (await new MetricsReader(directory).read()).disk_bytes;

  it("are the sum of all files, at any depth", async () => {
    mkdirSync(join(root, "a/b/c"), { recursive: true });
    writeFileSync(join(root, "one"), "x".repeat(1_000));
    writeFileSync(join(root, "a/b/c/two"), "x".repeat(2_000));
    expect(await diskBytes()).toBe(3_000);
  });

  it("do not go through links", async () => {
    const big = makeScratchDir("big-");
    writeFileSync(join(big, "big"), "");
    truncateSync(join(big, "big"), 1_000_000_000);
    symlinkSync(big, join(root, "directory"));
    symlinkSync(join(big, "big"), join(root, "file"));
    symlinkSync(root, join(root, "loop"));
    expect(await diskBytes()).toBeLessThan(10_000);
    rmSync(big, { recursive: true });
  });

  it("are none where there is no directory", async () => {
    expect(await diskBytes(join(root, "missing"))).toBe(0);
  });
});
