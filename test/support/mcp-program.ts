// Runs a command-line program of others that talks to an MCP server, to its end.
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";

export interface Run {
  code: number | string;
  stdout: string;
  stderr: string;
}

const ROOT = resolve(import.meta.dirname, "../..");
const NODE = join(ROOT, "node_modules", "node", "bin", "node");
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface RunOptions {
  timeoutMs: number;
  cwd?: string;
  env?: Record<string, string>;
}

/** `script` is a path below node_modules, run by this project's Node. Never rejects for what the program does. */
export function runNode(script: string, args: readonly string[], options: RunOptions): Promise<Run> {
  return runProgram(NODE, [join(ROOT, "node_modules", script), ...args], options);
}

/** Without this process's environment, credentials and all. */
export function runProgram(path: string, args: readonly string[], { timeoutMs, cwd, env }: RunOptions): Promise<Run> {
  const options = {
    ...(cwd !== undefined && { cwd }),
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    timeout: timeoutMs,
    killSignal: "SIGKILL" as const,
    maxBuffer: MAX_OUTPUT_BYTES,
  };
  return new Promise((done) => {
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : (error.code ?? error.signal ?? "failed"), stdout, stderr });
    });
    child.stdin?.end();
  });
}
