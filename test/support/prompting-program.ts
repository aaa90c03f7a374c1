// A command-line program that prints a URL for a browser to open, and goes on once somebody has been there.
import { spawn } from "node:child_process";

export interface Program {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  timeoutMs: number;
}

export interface Finished {
  code: number | null;
  output: string;
}

/** `visit` gets the first URL that fits `pattern`. */
export function runPrompting(
  { command, args, cwd, env, timeoutMs }: Program,
  pattern: RegExp,
  visit: (url: string) => Promise<void>,
): Promise<Finished> {
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ["pipe", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let output = "";
  let isVisited = false;
  const listen = (chunk: Buffer): void => {
    output += chunk;
    const [url] = pattern.exec(output) ?? [];
    if (isVisited || url === undefined) return;
    isVisited = true;
    visit(url).catch((error: unknown) => {
      output += `\n${error}`;
      child.kill("SIGKILL");
    });
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  return new Promise((done) => child.once("close", (code) => done({ code, output })));
}

/** The same, with a terminal to talk to: some programs ask nobody else. Of util-linux, and of macOS. */
export function inTerminal(command: string, args: readonly string[]): Pick<Program, "command" | "args"> {
  if (process.platform === "darwin") return { command: "script", args: ["-q", "/dev/null", command, ...args] };
  return { command: "script", args: ["-qefc", [command, ...args].join(" "), "/dev/null"] };
}
