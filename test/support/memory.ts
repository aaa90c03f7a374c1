// How much memory the processes of a stack hold, by their part in it, sampled from /proc. Linux only.
import { readFileSync } from "node:fs";
import type { DevServer } from "./dev-server.ts";
import { commandLine } from "./processes.ts";

/** `host` is the process host, `runner` and `codex` the largest of their kind. */
export const PARTS = ["workerd", "host", "runner", "codex"] as const;
export type Part = (typeof PARTS)[number];
/** MiB of resident memory. */
export type Memory = Record<Part, number>;

export interface MemoryUse {
  before: Memory;
  peak: Memory;
  after: Memory;
  /** How many runners there were at once at most. */
  runners: number;
}

/** In the command line of each part. */
const MARKS: Record<Part, string> = {
  workerd: "/bin/workerd ",
  host: "container/host/main.ts",
  runner: "runner.cjs",
  codex: "app-server",
};
const INTERVAL_MS = 200;
/** For garbage that is collected once there is time for it. */
const SETTLE_MS = 1_500;

/** Does the work, and says what it took. */
export async function withMemory<T>(
  server: DevServer,
  work: () => Promise<T>,
): Promise<{ value: T; memory: MemoryUse }> {
  const before = memoryOf(server).memory;
  const peak = { ...before };
  let runners = 0;
  const sample = (): void => {
    const now = memoryOf(server);
    runners = Math.max(runners, now.runners);
    for (const part of PARTS) peak[part] = Math.max(peak[part], now.memory[part]);
  };
  const timer = setInterval(sample, INTERVAL_MS);
  try {
    const value = await work();
    sample();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return { value, memory: { before, peak, after: memoryOf(server).memory, runners } };
  } finally {
    clearInterval(timer);
  }
}

function memoryOf(server: DevServer): { memory: Memory; runners: number } {
  const memory: Memory = { workerd: 0, host: 0, runner: 0, codex: 0 };
  let runners = 0;
  for (const pid of server.processes()) {
    const command = commandLine(pid);
    const part = PARTS.find((each) => command.includes(MARKS[each]));
    if (part === undefined) continue;
    if (part === "runner") runners++;
    memory[part] = Math.max(memory[part], residentMib(pid));
  }
  return { memory, runners };
}

/** 0 for a process that is gone. */
export function residentMib(pid: number): number {
  try {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Math.round(Number(kib ?? 0) / 1024);
  } catch {
    return 0;
  }
}
