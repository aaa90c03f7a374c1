// Keeps one `codex app-server` alive: started at once, kept warm, started again when it dies. A conversation that was
// loaded in one process is not loaded in the next, so each process has a generation number.
import { type ChildProcess, spawn } from "node:child_process";
import type { Logger } from "../../lib/log.ts";
import { RpcClosedError, RpcConnection, type RpcPeer } from "./rpc.ts";

export type AppServerState = "starting" | "ready" | "down";

export interface CodexConnection {
  rpc: RpcConnection;
  generation: number;
  /** Aborts when this process has ended, for whatever reason. A listener of a turn is taken off with the turn. */
  ended: AbortSignal;
}

export interface AppServerOptions {
  binaryPath: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  peer: RpcPeer;
  /** Ends what a process of Codex that is gone left running; the next one starts after that. */
  cleanUp(): Promise<void>;
  log: Logger;
}

const RESTART_DELAYS_MS = [0, 200, 1_000, 5_000];
/** A process that lived this long is no crash loop. */
const STABLE_AFTER_MS = 10_000;
const EXIT_GRACE_MS = 2_000;

export class AppServer {
  readonly #options: AppServerOptions;
  #child: ChildProcess | undefined;
  #connecting: Promise<CodexConnection> | undefined;
  #generation = 0;
  #failures = 0;
  #stopping = false;
  #isRetired = false;
  #cleaned: Promise<void> = Promise.resolve();
  state: AppServerState = "down";

  constructor(options: AppServerOptions) {
    this.#options = options;
  }

  get restarts(): number {
    return Math.max(0, this.#generation - 1);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The live connection; starts Codex where it is not running. Rejects when it cannot be started. */
  connect(): Promise<CodexConnection> {
    if (this.#stopping) return Promise.reject(new RpcClosedError("the runner is stopping"));
    this.#connecting ??= this.#start().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  /** What {@link connectForTurn} gives next is another process. For one that has lost a part of itself for good. */
  retire(): void {
    this.#isRetired = true;
  }

  /** Like {@link connect}; only between turns. */
  async connectForTurn(): Promise<CodexConnection> {
    const connection = await this.connect();
    if (!this.#isRetired) return connection;
    this.#isRetired = false;
    this.kill();
    await new Promise((resolve) => {
      if (connection.ended.aborted) resolve(undefined);
      else connection.ended.addEventListener("abort", resolve);
    });
    return this.connect();
  }

  /** Ends the process now (SIGKILL); the next {@link connect} starts another. For a Codex that no longer answers. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  /** Ends the process for good, first politely. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_GRACE_MS);
    await ended;
    clearTimeout(timer);
    await this.#cleaned;
  }

  /** Ends the process, does `work` while there is none, and starts another. */
  async restartAfter(work: () => Promise<void>): Promise<void> {
    await this.stop();
    try {
      await work();
    } finally {
      this.#stopping = false;
    }
    void this.connect().catch((error: unknown) =>
      this.#options.log.error("codex cannot start", { error: String(error) }),
    );
  }

  async #start(): Promise<CodexConnection> {
    this.state = "starting";
    await this.#cleaned;
    const { binaryPath, args, env, cwd, peer, log } = this.#options;
    const child = spawn(binaryPath, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    const generation = ++this.#generation;
    const startedAt = Date.now();
    child.stderr
      .setEncoding("utf8")
      .on("data", (text: string) => log.debug("codex stderr", { text: text.slice(-2_000) }));
    const rpc = new RpcConnection(child.stdout, child.stdin, peer);
    const ended = new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
    const gone = new AbortController();
    void ended.then(() => {
      this.#onEnd(child, rpc, Date.now() - startedAt);
      gone.abort();
    });
    await rpc.request("initialize", {
      clientInfo: { name: "persistent-codex-mcp", title: "Persistent Codex", version: "1" },
      capabilities: { experimentalApi: true },
    });
    rpc.notify("initialized");
    this.state = "ready";
    log.info("codex app-server is ready", { pid: child.pid, generation });
    return { rpc, generation, ended: gone.signal };
  }

  #onEnd(child: ChildProcess, rpc: RpcConnection, aliveMs: number): void {
    rpc.close();
    if (this.#child !== child) return;
    const { cleanUp, log } = this.#options;
    this.#isRetired = false;
    this.#cleaned = cleanUp().catch((error: unknown) => log.error("leftovers remain", { error: String(error) }));
    this.state = "down";
    this.#connecting = undefined;
    if (this.#stopping) return;
    if (aliveMs >= STABLE_AFTER_MS) this.#failures = 0;
    const delayMs = RESTART_DELAYS_MS[Math.min(this.#failures++, RESTART_DELAYS_MS.length - 1)] ?? 0;
    log.warn("codex app-server ended", { exit_code: child.exitCode, signal: child.signalCode, delayMs });
    setTimeout(() => void this.connect().catch(() => {}), delayMs).unref();
  }
}
