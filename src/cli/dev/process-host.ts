// Runs the process host next to the Worker, and starts it again on the same port when it dies.
import { join } from "node:path";
import { baseEnv } from "../../../container/lib/base-env.ts";
import { Child } from "./child.ts";
import { freePort } from "./ports.ts";

export interface HostOptions {
  root: string;
  stateDir: string;
  token: string;
  gatewayUrl: string;
  sandbox: "codex" | "off";
  runnerEntry: string;
  logLevel: string;
  onLine(line: string): void;
}

const RESTART_MS = 500;
const SHORT_LIFE_MS = 1_000;
/** How the host says that it listens, whatever its log level. */
const READY = '{"ready":true';
const READY_TIMEOUT_MS = 15_000;

export class HostProcess {
  readonly url: string;
  readonly #options: HostOptions;
  readonly #port: number;
  #child: Child;
  #stopping = false;

  private constructor(options: HostOptions, port: number, child: Child) {
    this.#options = options;
    this.#port = port;
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
    this.#superviseCurrent();
  }

  /** Resolves when it listens. Rejects where it does not come up. */
  static async start(options: HostOptions): Promise<HostProcess> {
    const port = await freePort();
    const ready = Promise.withResolvers<void>();
    const child = spawnHost(options, port, ready.resolve);
    void child.exited.then((code) => ready.reject(new Error(`The process host ended with code ${code}.`)));
    const timer = setTimeout(
      () => ready.reject(new Error("The process host did not start in time.")),
      READY_TIMEOUT_MS,
    );
    await ready.promise.finally(() => clearTimeout(timer));
    return new HostProcess(options, port, child);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#child.stop();
  }

  #superviseCurrent(): void {
    const startedAt = Date.now();
    void this.#child.exited.then(async () => {
      // At once, since the next turn may be waiting; only a host that does not live long is given a pause.
      const livedMs = Date.now() - startedAt;
      if (livedMs < SHORT_LIFE_MS) await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      if (this.#stopping) return;
      this.#options.onLine("The process host ended; it is started again. Turns that were at work are interrupted.");
      this.#child = spawnHost(this.#options, this.#port, () => {});
      this.#superviseCurrent();
    });
  }
}

function spawnHost(options: HostOptions, port: number, onReady: () => void): Child {
  return new Child({
    args: [join(options.root, "container", "host", "main.ts")],
    cwd: options.root,
    env: {
      // Neither the host nor what it starts needs more of the developer's environment, least of all the credential.
      ...baseEnv(process.env, "HOME"),
      HOST_TOKEN: options.token,
      HOST_PORT: String(port),
      AGENTS_DIR: join(options.stateDir, "agents"),
      RUNNER_ENTRY: options.runnerEntry,
      GATEWAY_URL: options.gatewayUrl,
      SANDBOX: options.sandbox,
      LOG_LEVEL: options.logLevel,
    },
    onLine: (line) => {
      if (line.startsWith(READY)) onReady();
      else options.onLine(line);
    },
  });
}
