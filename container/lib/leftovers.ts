// Ends what a dead process left running. Codex gives each command a session of its own, so neither a signal to a process
// group nor Codex's own end reaches all of them.
import { readdirSync, readFileSync } from "node:fs";

/** A process that forks can be ahead of one look, but not for long. */
const MAX_LOOKS = 5;

/**
 * SIGKILL to every process that has `home` as its HOME: a directory of one agent, which no person's process has. Blocks
 * for some milliseconds. Does nothing where there is no /proc (macOS, Windows).
 */
export function endLeftovers(home: string): void {
  for (let look = 0; look < MAX_LOOKS; look++) {
    const pids = processesWith(`HOME=${home}`);
    for (const pid of pids) kill(pid);
    if (pids.length === 0) return;
  }
}

function processesWith(variable: string): number[] {
  return listProc()
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(variable));
}

function listProc(): string[] {
  try {
    return readdirSync("/proc");
  } catch {
    return [];
  }
}

/** Empty for a zombie and for a process of somebody else. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
