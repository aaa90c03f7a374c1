// One part of the stack: a program that is killed as a crash would, and started again on what it left.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { kill } from "../support/processes.ts";

export interface PartOptions {
  program: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** It does a restart itself when a line on stdin says after how many ms; see worker-program.ts. */
  restartsItself: boolean;
  onLine(line: string): void;
}

const READY = '{"ready":true';
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

export class Part {
  readonly #options: PartOptions;
  #child: ChildProcess | undefined;
  #ready = Promise.withResolvers<void>();
  /** The end of the last start. */
  #up: Promise<void> = Promise.resolve();

  constructor(options: PartOptions) {
    this.#options = options;
  }

  /** Resolves when it is ready. */
  start(): Promise<void> {
    return this.#goUp(() => this.#spawn());
  }

  /** SIGKILL, as soon as it is up. Resolves when it is up again. */
  restart(downMs: number): Promise<void> {
    return this.#goUp(async () => {
      const child = this.#child;
      if (this.#options.restartsItself) {
        child?.stdin?.write(`${downMs}\n`);
        return;
      }
      this.#child = undefined;
      child?.kill("SIGKILL");
      if (child !== undefined) await once(child, "exit");
      await sleep(downMs);
      this.#spawn();
    });
  }

  untilUp(): Promise<void> {
    return this.#up;
  }

  /** Politely, then by force. */
  async stop(): Promise<void> {
    await this.#up.catch(() => {});
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => kill(-(child.pid ?? 0), "SIGKILL"), STOP_TIMEOUT_MS);
    await once(child, "exit");
    clearTimeout(timer);
  }

  #goUp(begin: () => Promise<void> | void): Promise<void> {
    const ready = Promise.withResolvers<void>();
    ready.promise.catch(() => {});
    this.#up = this.#up.then(async () => {
      this.#ready = ready;
      await begin();
      const timer = setTimeout(
        () => ready.reject(new Error(`${this.#options.program} is not ready`)),
        READY_TIMEOUT_MS,
      );
      await ready.promise.finally(() => clearTimeout(timer));
    });
    this.#up.catch(() => {});
    return this.#up;
  }

  #spawn(): void {
    const { program, args, env, cwd, onLine } = this.#options;
    const { PATH = "" } = process.env;
    // Both end when stdin does: so they end with this process, however it ends.
    const child = spawn(process.execPath, [program, ...args], { cwd, env: { PATH, ...env }, detached: true });
    child.stdin.on("error", () => {});
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (line.startsWith(READY)) this.#ready.resolve();
        else onLine(line);
      });
    }
    this.#child = child;
    child.once("exit", (code) => {
      // One that was killed on purpose is not the current one any more.
      if (this.#child === child) this.#ready.reject(new Error(`${program} ended with code ${code}`));
    });
  }
}
