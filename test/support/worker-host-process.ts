// The process host as a child process, started as the dev server starts it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ENTRY = join(import.meta.dirname, "..", "..", "container", "host", "main.ts");

export class HostProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, "exit");
  }

  /** Resolves when it listens. Rejects where it ends before that; its reason is on stderr. */
  static async start(env: Record<string, string>): Promise<HostProcess> {
    const { PATH = "" } = process.env;
    // stdin stays an open pipe: the host ends when this process does.
    const child = spawn(process.execPath, [ENTRY], { env: { PATH, ...env }, stdio: ["pipe", "pipe", "inherit"] });
    const host = new HostProcess(child);
    await host.#ready();
    return host;
  }

  /** Asks it to end, and all its runners with it. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#exited;
  }

  /** As a crash would: it has no chance to end anything. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** All that it prints is read and dropped: a full pipe would stop it. */
  #ready(): Promise<void> {
    const ready = Promise.withResolvers<void>();
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("the process host has no stdout");
    createInterface({ input: stdout }).on("line", (line) => {
      if (line.startsWith('{"ready":true')) ready.resolve();
    });
    void this.#exited.then(() => ready.reject(new Error("the process host did not come up")));
    return ready.promise;
  }
}
