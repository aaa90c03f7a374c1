// One runner process: started in its agent's directory, in a process group of its own, ended with everything it started.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import * as z from "zod";
import { eachLine } from "../lib/each-line.ts";
import { endLeftovers } from "../lib/leftovers.ts";
import { layout } from "../runner/codex/settings.ts";

export interface InstanceOptions {
  entry: string;
  env: NodeJS.ProcessEnv;
  /** The agent's private directory. */
  cwd: string;
  /** Called with each line that the runner prints. */
  onLine(line: string): void;
}

/** The runner waits for others nearly all the time: V8's optimizers and lazy collection would cost it 20 MB and gain it nothing. */
const NODE_FLAGS = ["--max-semi-space-size=1", "--no-turbofan", "--no-maglev", "--optimize-for-size", "--expose-gc"];
/** glibc: what is free goes back to the system, however much was in use before. mallopt(3) */
const MALLOC = { MALLOC_TRIM_THRESHOLD_: "131072" };
const START_TIMEOUT_MS = 15_000;
const KILL_GRACE_MS = 6_000;
const ReadyLine = z.object({ ready: z.literal(true), port: z.number().int() });

export class Instance {
  readonly id = randomUUID();
  readonly #child: ChildProcess;
  readonly #home: string;
  readonly #port = Promise.withResolvers<number>();
  readonly #exit = Promise.withResolvers<number>();
  #exitCode: number | undefined;

  constructor({ entry, env, cwd, onLine }: InstanceOptions) {
    this.#home = layout(cwd).home;
    // stdin stays an open pipe: its end tells the runner that this host is gone, however it went.
    this.#child = spawn(process.execPath, [...NODE_FLAGS, entry], {
      cwd,
      env: { ...env, ...MALLOC },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.#child.stdin?.on("error", () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) eachLine(stream, (line) => this.#onLine(line, onLine));
    }
    this.#child.once("error", () => this.#onExit(127));
    this.#child.once("exit", (code, signal) => this.#onExit(code ?? (signal === "SIGTERM" ? 143 : 137)));
    this.#port.promise.catch(() => {});
  }

  get running(): boolean {
    return this.#exitCode === undefined;
  }

  /** Resolves to the exit code (128 + signal for a killed one) when the process is gone. */
  get exited(): Promise<number> {
    return this.#exit.promise;
  }

  /** Resolves to the runner's port once it listens. Rejects when it exits or is too slow. */
  async listening(): Promise<number> {
    const timer = setTimeout(() => this.#port.reject(new Error("the runner did not listen in time")), START_TIMEOUT_MS);
    try {
      return await this.#port.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  signal(signal: number): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Politely first, then by force. Resolves when the whole process group is gone. */
  async stop(): Promise<void> {
    this.signal(15);
    const timer = setTimeout(() => this.#killGroup(), KILL_GRACE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  /** SIGKILL to the whole group. */
  async destroy(): Promise<void> {
    this.#killGroup();
    await this.exited;
  }

  #onLine(line: string, forward: (line: string) => void): void {
    const ready = ReadyLine.safeParse(parseJson(line));
    if (ready.success) this.#port.resolve(ready.data.port);
    else forward(line);
  }

  #onExit(code: number): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = code;
    // What outlived the runner: Codex is in its group, commands are not.
    this.#killGroup();
    endLeftovers(this.#home);
    this.#port.reject(new Error(`the runner exited with code ${code}`));
    this.#exit.resolve(code);
  }

  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // ESRCH: nobody is left in the group.
    }
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
