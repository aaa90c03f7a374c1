// The real dev server, started as a user starts it and ended in every way there is. Everything it starts names its state
// directory in its environment or command line; that is how its processes are found again, whoever their parent is by now.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../src/cli/dev/ports.ts";
import { makeScratchDir } from "./app-server-driver.ts";
import { commandLine, descendantsOf, kill, processesNaming, untilGone } from "./processes.ts";

export interface DevServerOptions {
  /** Settings; they win over the defaults of {@link DevServer.start}. */
  env?: Record<string, string>;
  /** Goes on with the state of an earlier server; else a fresh directory, which is removed in the end. */
  scratch?: Scratch;
  /** `npm run dev` in place of the program that it runs. */
  viaNpm?: boolean;
  /** Until it is ready. */
  timeoutMs?: number;
}

/** A home directory without credentials, and the state below it. Also the working directory, so no .dev.vars is found. */
export class Scratch {
  readonly home = makeScratchDir("dev-server-");
  readonly stateDir = join(this.home, "state");

  /** The disks of all agents, as they are found after the first turn of each. */
  agentDirs(): string[] {
    const agents = join(this.stateDir, "agents");
    return readdirSync(agents).map((name) => join(agents, name));
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

export const API_KEY = "sk-e2e-0123456789-never-seen-by-an-agent";
const ROOT = resolve(import.meta.dirname, "../..");
const NODE = join(ROOT, "node_modules", "node", "bin", "node");
const READY_LINE = "Ctrl-C ends it.";
const READY_TIMEOUT_MS = 30_000;
const GONE_TIMEOUT_MS = 10_000;

export class DevServer {
  readonly scratch: Scratch;
  readonly port: number;
  readonly token: string;
  /** Everything that it printed, line by line. */
  readonly lines: string[] = [];
  /** Resolves to the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #keepsScratch: boolean;
  readonly #onExit = (): void => this.#killTree();

  /** Resolves when it is ready. Rejects, with what it printed, when it is not within 30 s, or `timeoutMs`. */
  static async start(options: DevServerOptions = {}): Promise<DevServer> {
    const server = await DevServer.launch(options);
    try {
      await server.#ready(options.timeoutMs ?? READY_TIMEOUT_MS);
      return server;
    } catch (error) {
      await server.kill();
      throw error;
    }
  }

  /** Does not wait for anything but the start of the process. */
  static async launch(options: DevServerOptions): Promise<DevServer> {
    return new DevServer(options, Number(options.env?.PORT ?? (await freePort())));
  }

  private constructor({ env = {}, scratch, viaNpm = false }: DevServerOptions, port: number) {
    this.scratch = scratch ?? new Scratch();
    this.#keepsScratch = scratch !== undefined;
    this.port = port;
    this.token = env.DEV_TOKEN ?? "dev-token-of-the-tests";
    const [command, args] = viaNpm ? ["npm", ["run", "dev"]] : [NODE, [join(ROOT, "src/cli/dev/main.ts")]];
    this.#child = spawn(command, args, {
      cwd: viaNpm ? ROOT : this.scratch.home,
      // A process group of its own, as a terminal gives to what it runs.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: this.scratch.home,
        PORT: String(port),
        STATE_DIR: this.scratch.stateDir,
        RUNTIME: "host",
        OPENAI_API_KEY: API_KEY,
        DEV_TOKEN: this.token,
        CODEX_APPROVAL_MODE: "auto",
        ...env,
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => this.lines.push(line));
    }
    this.exited = once(this.#child, "close").then(([code, signal]) => code ?? signal);
    process.once("exit", this.#onExit);
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get output(): string {
    return this.lines.join("\n");
  }

  /** The process that was started: the dev server itself, or npm. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Of the program whose command line holds all of `words`; throws where there is no such process. */
  pidOf(...words: string[]): number {
    const found = this.processes().find((pid) => words.every((word) => commandLine(pid).includes(word)));
    if (found === undefined) throw new Error(`no process has ${words.join(" ")} in its command line`);
    return found;
  }

  /** Everything that it started and that still lives. */
  processes(): number[] {
    const below = this.#isRunning ? descendantsOf(this.pid).slice(1) : [];
    return [...new Set([...processesNaming(this.scratch.home), ...below])];
  }

  /** {@link processes} that are still there after a while in which they may end. */
  async leftovers(): Promise<string[]> {
    await untilGone(() => this.processes(), GONE_TIMEOUT_MS).catch(() => {});
    return this.processes().map((pid) => `${pid} ${commandLine(pid).slice(0, 120)}`);
  }

  /** Resolves when it answers requests. */
  async untilServing(timeoutMs = 20_000): Promise<void> {
    for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(50)) {
      const signal = AbortSignal.timeout(2_000);
      const health = await fetch(`${this.url}/health`, { signal }).catch(() => undefined);
      if (health?.ok) return;
    }
    throw new Error(`the server does not answer:\n${this.output}`);
  }

  /** Only to the process that was started. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ctrl-C, which a terminal sends to the whole process group. Resolves to the exit code once nothing of it is left. */
  async stop(): Promise<number | string> {
    kill(-this.pid, "SIGINT");
    const code = await this.exited;
    const left = await this.leftovers();
    this.#dispose();
    if (left.length > 0) throw new Error(`the dev server left behind: ${left.join(", ")}`);
    return code;
  }

  /** The power cut: every process at once. Also what clears up after a test, however its server ended. */
  async kill(): Promise<void> {
    this.#killTree();
    await this.exited;
    await untilGone(() => this.processes(), GONE_TIMEOUT_MS);
    this.#dispose();
  }

  async #ready(timeoutMs: number): Promise<void> {
    const isReady = (): boolean => this.lines.some((line) => line.includes(READY_LINE));
    for (const deadline = Date.now() + timeoutMs; !isReady(); ) {
      const ended = await Promise.race([this.exited, sleep(50)]);
      if (ended === undefined && Date.now() < deadline) continue;
      throw new Error(`the dev server is not ready (${ended ?? "time-out"}):\n${this.output}`);
    }
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #killTree(): void {
    const pids = this.processes();
    this.#child.kill("SIGKILL");
    for (const pid of pids) kill(pid, "SIGKILL");
  }

  #dispose(): void {
    process.off("exit", this.#onExit);
    if (!this.#keepsScratch) this.scratch.remove();
  }
}
