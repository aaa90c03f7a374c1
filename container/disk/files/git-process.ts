// Runs git as a child. What it says comes from a remote that nobody vouches for: it goes to the log, cleaned and cut, and never
// into a message.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { HttpFailure } from "../../lib/http.ts";
import { gitEnvironment } from "./git-environment.ts";

export interface GitOptions {
  /** Where the repository is. */
  directory: string;
  /** In no file and on no command line. */
  settings: readonly (readonly [key: string, value: string])[];
  /** Is never shown. */
  secrets: readonly string[];
  /** Unix time in ms when it is ended. */
  deadline: number;
  /** Asked again and again; throws to end it. */
  watch?(): void;
}

export interface GitResult {
  code: number;
  stdout: string;
  /** To look for what it says, not to be shown. */
  stderr: string;
}

const WATCH_MS = 250;
const MAX_STDOUT_CHARS = 32 * 1024 * 1024;
const MAX_STDERR_CHARS = 64 * 1024;
const MAX_LOGGED_CHARS = 1_000;
const PROGRESS = /^(remote: )?(Enumerating|Counting|Compressing|Receiving|Resolving|Updating|Total) /;

/**
 * `onStdout` takes the output piece by piece, in place of the result's. git's own helpers end with it, by their pipes, or with
 * this process's group. Throws `timeout`, `git_missing` and what `watch` throws.
 */
export async function runGit(
  args: readonly string[],
  options: GitOptions,
  onStdout?: (text: string) => void,
): Promise<GitResult> {
  const child = spawn("git", args, {
    cwd: options.directory,
    env: gitEnvironment(options.settings),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let failure: unknown;
  const end = (reason: unknown): void => {
    failure ??= reason;
    child.kill("SIGKILL");
    // A helper may keep them open for a while.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      end(error);
    }
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (onStdout === undefined) stdout += text;
    else attempt(() => onStdout(text));
    if (stdout.length > MAX_STDOUT_CHARS) end(new Error("git says too much"));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  const watcher = setInterval(() => {
    if (Date.now() > options.deadline) end(timeout());
    attempt(() => options.watch?.());
  }, WATCH_MS);
  try {
    const [code] = await once(child, "close");
    if (failure !== undefined) throw failure;
    if (code !== 0) process.stderr.write(`git ${args[0]} ended with ${code}: ${cleaned(stderr, options.secrets)}\n`);
    return { code: code ?? -1, stdout, stderr };
  } catch (error) {
    throw error instanceof Error && "code" in error && error.code === "ENOENT" ? missing() : error;
  } finally {
    clearInterval(watcher);
  }
}

/** The end of it, without progress, in one line. */
function cleaned(text: string, secrets: readonly string[]): string {
  const masked = secrets.reduce((rest, secret) => rest.replaceAll(secret, "[masked]"), text);
  const lines = masked.split(/[\r\n]+/).filter((line) => !PROGRESS.test(line));
  return JSON.stringify(
    lines
      .join("; ")
      .replace(/\p{Cc}+/gu, " ")
      .slice(-MAX_LOGGED_CHARS),
  );
}

function timeout(): HttpFailure {
  const message = "The import took too long and was ended. Nothing was imported. Try with `depth: 1`.";
  return new HttpFailure(504, { code: "timeout", message });
}

function missing(): HttpFailure {
  return new HttpFailure(501, { code: "git_missing", message: "The agent's machine has no git." });
}
