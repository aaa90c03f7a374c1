// Keeps the Worker running: where `wrangler dev` ends, it is started again. Agents at work do not notice: with local
// processes they belong to the process host, and the Worker takes up their turns where it was.
import type { Child } from "./child.ts";
import { startWrangler, type WranglerOptions } from "./wrangler.ts";

/** More ends than this within the time are no accident. */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

export class WorkerProcess {
  /** Rejects when the Worker cannot be kept running. Never resolves. */
  readonly lost: Promise<never>;
  readonly #options: WranglerOptions;
  #child: Child;
  #stopping = false;

  private constructor(options: WranglerOptions, child: Child) {
    this.#options = options;
    this.#child = child;
    this.lost = this.#supervise();
    this.lost.catch(() => {});
  }

  /** Resolves when the server answers. Rejects where it does not come up. */
  static async start(options: WranglerOptions): Promise<WorkerProcess> {
    return new WorkerProcess(options, await startWrangler(options));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#child.stop();
  }

  async #supervise(): Promise<never> {
    const restarts: number[] = [];
    for (;;) {
      const code = await this.#child.exited;
      if (this.#stopping) return await new Promise(() => {});
      // What it started shares its fate, and its port.
      await this.#child.stop();
      restarts.push(Date.now());
      if (restarts.filter((at) => at > Date.now() - RESTART_WINDOW_MS).length > MAX_RESTARTS) {
        throw new Error(`wrangler dev keeps ending, at last with code ${code}. The state is kept; start again.`);
      }
      this.#options.onLine(`wrangler dev ended with code ${code}; it is started again.`);
      this.#child = await startWrangler(this.#options);
      if (this.#stopping) await this.#child.stop();
    }
  }
}
