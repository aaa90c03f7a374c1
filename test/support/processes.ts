// Looks at this machine's processes through /proc, to prove that nothing is left behind. Linux only.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Every process whose environment or command line names the directory, whoever its parent is by now. */
export function processesNaming(directory: string): number[] {
  return allProcesses().filter(
    (pid) => read(pid, "environ").includes(directory) || commandLine(pid).includes(directory),
  );
}

/** The process and everything below it. */
export function descendantsOf(pid: number): number[] {
  const children = allProcesses().filter((candidate) => parentOf(candidate) === pid);
  return [pid, ...children.flatMap(descendantsOf)];
}

/** The arguments, joined by spaces; empty for a process that is gone or a zombie. */
export function commandLine(pid: number): string {
  return read(pid, "cmdline").replaceAll("\0", " ").trim();
}

/** Empty for a process that is gone. */
export function environmentOf(pid: number): Record<string, string> {
  const entries = read(pid, "environ").split("\0").filter(Boolean);
  return Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s).slice(0, 2)));
}

/** Waits until `find` finds nothing. Rejects, naming what is still there, when that takes longer than `timeoutMs`. */
export async function untilGone(find: () => readonly number[], timeoutMs = 3_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (let left = find(); left.length > 0; left = find()) {
    if (Date.now() > deadline)
      throw new Error(`still running: ${left.map((pid) => `${pid} ${commandLine(pid).slice(0, 120)}`)}`);
    await sleep(20);
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

function allProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** proc(5): the fields are counted after the last `)`, since the name of the program may hold anything. */
function parentOf(pid: number): number {
  const stat = read(pid, "stat");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
