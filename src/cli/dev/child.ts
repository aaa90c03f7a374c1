// A process that the dev server started and ends again, whatever happens to the dev server itself: its stdin is a pipe,
// and it ends when that pipe does.
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";

export interface ChildOptions {
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  onLine(line: string): void;
}

const STOP_GRACE_MS = 10_000;

export class Child {
  /** Resolves to the exit code; of a killed one to 128 + signal. */
  readonly exited: Promise<number>;
  readonly #process: ChildProcess;

  /** Runs a Node program with this same Node. */
  constructor({ args, env, cwd, onLine }: ChildOptions) {
    this.#process = spawn(process.execPath, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.#process.stdin?.on("error", () => {});
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", onLine);
    }
    this.exited = new Promise((resolve) => {
      this.#process.once("error", () => resolve(127));
      this.#process.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
    });
  }

  /** Politely, then by force. Resolves when it is gone with all that it started in its process group. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#killGroup(), STOP_GRACE_MS);
    await this.exited;
    clearTimeout(timer);
    this.#killGroup();
  }

  /** By force, with all that it started in its process group. */
  kill(): void {
    this.#killGroup();
  }

  #killGroup(): void {
    try {
      if (this.#process.pid !== undefined) process.kill(-this.#process.pid, "SIGKILL");
    } catch {
      // ESRCH: nobody is left.
    }
  }
}
