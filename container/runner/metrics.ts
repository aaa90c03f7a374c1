// What the agent's processes use: the runner and everything below it in the process tree. Linux reads /proc; elsewhere
// only the runner itself is known.
import { lstat, opendir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunnerMetrics } from "../protocol.ts";

interface ProcessSample {
  pid: number;
  parent: number;
  /** User and system time in clock ticks. */
  ticks: number;
  memoryBytes: number;
}

/** `getconf CLK_TCK` and `getconf PAGESIZE` are these on every Linux that Node supports, save some arm64 kernels. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;
const CGROUP_LIMIT = "/sys/fs/cgroup/memory.max";
const DISK_ENTRIES_MAX = 200_000;

export class MetricsReader {
  readonly #diskRoot: string;
  readonly #rootPid: number;
  readonly #startedAt = Date.now();
  #previous: { at: number; ticks: number } | undefined;

  /** `rootPid`: the process at the root of all that is the agent's. */
  constructor(diskRoot: string, rootPid = process.pid) {
    this.#diskRoot = diskRoot;
    this.#rootPid = rootPid;
  }

  /** CPU is the mean since the last reading, 100 = one core. */
  async read(): Promise<RunnerMetrics> {
    const [samples, disk, limit] = await Promise.all([
      readProcessTree(this.#rootPid),
      diskBytes(this.#diskRoot),
      memoryLimit(),
    ]);
    return {
      cpu_percent: this.#cpuPercent(samples),
      memory_bytes: samples.reduce((sum, sample) => sum + sample.memoryBytes, 0),
      memory_limit_bytes: limit,
      disk_bytes: disk,
      processes: samples.length,
      runner_rss_bytes: process.memoryUsage.rss(),
      uptime_ms: Date.now() - this.#startedAt,
    };
  }

  #cpuPercent(samples: readonly ProcessSample[]): number {
    const at = Date.now();
    const ticks = samples.reduce((sum, sample) => sum + sample.ticks, 0);
    const previous = this.#previous ?? { at: this.#startedAt, ticks: 0 };
    this.#previous = { at, ticks };
    const seconds = (at - previous.at) / 1_000;
    if (seconds <= 0) return 0;
    return Math.max(0, Math.round(((ticks - previous.ticks) / TICKS_PER_SECOND / seconds) * 1_000) / 10);
  }
}

async function readProcessTree(rootPid: number): Promise<ProcessSample[]> {
  const all = await readAllProcesses();
  if (all.length === 0) {
    const { user, system } = process.cpuUsage();
    const ticks = ((user + system) / 1e6) * TICKS_PER_SECOND;
    return [{ pid: process.pid, parent: 0, ticks, memoryBytes: process.memoryUsage.rss() }];
  }
  const tree = new Set([rootPid]);
  // A child can be listed before its parent: repeat until nothing is added.
  for (let size = 0; size !== tree.size; ) {
    size = tree.size;
    for (const { pid, parent } of all) if (tree.has(parent)) tree.add(pid);
  }
  return all.filter(({ pid }) => tree.has(pid));
}

async function readAllProcesses(): Promise<ProcessSample[]> {
  const samples: ProcessSample[] = [];
  try {
    for await (const entry of await opendir("/proc")) {
      if (!/^\d+$/.test(entry.name)) continue;
      const stat = await readFile(`/proc/${entry.name}/stat`, "utf8").catch(() => undefined);
      if (stat !== undefined) samples.push(parseStat(Number(entry.name), stat));
    }
  } catch {
    return [];
  }
  return samples;
}

/** proc(5): fields are counted after the last `)`, since the command name may hold anything. */
function parseStat(pid: number, stat: string): ProcessSample {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  return { pid, parent: field(4), ticks: field(14) + field(15), memoryBytes: field(24) * PAGE_BYTES };
}

async function memoryLimit(): Promise<number | null> {
  const text = await readFile(CGROUP_LIMIT, "utf8").catch(() => "max");
  const bytes = Number(text.trim());
  return Number.isFinite(bytes) ? bytes : null;
}

/** Sum of file sizes; links are not followed. Stops counting at a bound, so that a huge tree cannot stall the runner. */
async function diskBytes(root: string): Promise<number> {
  let total = 0;
  let entries = 0;
  const pending = [root];
  for (
    let directory = pending.pop();
    directory !== undefined && entries < DISK_ENTRIES_MAX;
    directory = pending.pop()
  ) {
    const handle = await opendir(directory).catch(() => undefined);
    if (handle === undefined) continue;
    for await (const entry of handle) {
      entries++;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else total += (await lstat(path).catch(() => undefined))?.size ?? 0;
    }
  }
  return total;
}
