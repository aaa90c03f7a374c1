// npm runs its scripts below a shell that passes no signal on: `kill` of npm ends npm, or npm and that shell, and leaves
// this program.
import { readFileSync } from "node:fs";

const POLL_MS = 250;

/** Calls `run` once when npm started this program and is gone. Started in another way, it may outlive its parent. */
export function onLostNpm(run: () => void): void {
  const { npm_lifecycle_event, npm_lifecycle_script = "" } = process.env;
  if (npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  // Some shells make way for the only program they run; then npm itself is the parent.
  const npm = read(shell, "cmdline").replaceAll("\0", " ").includes(npm_lifecycle_script) ? parentOf(shell) : undefined;
  const timer = setInterval(() => {
    if (process.ppid === shell && (npm === undefined || parentOf(shell) === npm)) return;
    clearInterval(timer);
    run();
  }, POLL_MS).unref();
}

/** Undefined where there is no /proc; then only the loss of the shell is noticed. */
function parentOf(pid: number): string | undefined {
  const stat = read(pid, "stat");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
