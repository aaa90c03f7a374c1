// Drives a real `codex app-server` over stdio with nothing of this project in between: tests of the fake model use it,
// and benchmarks take it as "Codex driven directly".
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export type Params = Record<string, unknown>;
export type Turn = { id: string; status: string; error: { message: string } | null; items: { text?: string }[] };
export type AppServerOptions = { baseUrl: string; config?: readonly string[]; env?: Record<string, string> };

type Message = { id?: number; method?: string; params?: Params; result?: unknown; error?: { message: string } };

const nodeModules = resolve(import.meta.dirname, "../../node_modules");
const codex = join(nodeModules, "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex");
const quiet = ["features.plugins", "features.apps", "analytics.enabled", "check_for_update_on_startup"];

/** A fresh directory outside /tmp, where Codex does not want its home to be. */
export function makeScratchDir(prefix: string): string {
  const cache = join(nodeModules, ".cache");
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, prefix));
}

export class AppServer {
  readonly notifications: { method: string; params: Params }[] = [];
  readonly #home = makeScratchDir("codex-home-");
  readonly #arrivals = new EventEmitter().setMaxListeners(0);
  readonly #child: ChildProcess;
  readonly #ended: Promise<[Message]>;
  #lastId = 0;

  /** `baseUrl` is a Responses API base (ends in /v1); `config` holds further `key=value` overrides in TOML. */
  static async start(options: AppServerOptions): Promise<AppServer> {
    const server = new AppServer(options);
    const clientInfo = { name: "driver", title: "driver", version: "0" };
    await server.request("initialize", { clientInfo, capabilities: { experimentalApi: true } });
    server.#send({ method: "initialized" });
    return server;
  }

  private constructor({ baseUrl, config = [], env = {} }: AppServerOptions) {
    const provider = `{name="gw",base_url="${baseUrl}",wire_api="responses",requires_openai_auth=false}`;
    const own = ['model_provider="gw"', `model_providers.gw=${provider}`, ...quiet.map((key) => `${key}=false`)];
    this.#child = spawn(codex, ["app-server", ...[...own, ...config].flatMap((setting) => ["-c", setting])], {
      stdio: ["pipe", "pipe", "ignore"],
      env: { PATH: process.env.PATH ?? "", HOME: this.#home, CODEX_HOME: this.#home, ...env },
      // Its own process group, so that close() also reaches the programs that it has started.
      detached: true,
    });
    if (this.#child.stdout === null) throw new Error("the app-server has no stdout");
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#receive(JSON.parse(line)));
    this.#ended = once(this.#child, "close").then(() => [{ error: { message: "the app-server has ended" } }]);
  }

  async request<Result>(method: string, params: object): Promise<Result> {
    const id = ++this.#lastId;
    const replied = once(this.#arrivals, `reply ${id}`);
    this.#send({ id, method, params });
    const [{ result, error }] = await Promise.race([replied, this.#ended]);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as Result; // the caller knows the method that it calls
  }

  /** The first notification that fits, whether it has been received or is still to come. */
  async waitForNotification(method: string, fits: (params: Params) => boolean = () => true): Promise<Params> {
    const signal = AbortSignal.timeout(15_000);
    for (;;) {
      const found = this.notifications.find((candidate) => candidate.method === method && fits(candidate.params));
      if (found) return found.params;
      await once(this.#arrivals, "notification", { signal });
    }
  }

  async startThread(params: { cwd: string; model: string } & Params): Promise<string> {
    const defaults = { approvalPolicy: "on-request", sandbox: "danger-full-access" };
    return (await this.request<{ thread: { id: string } }>("thread/start", { ...defaults, ...params })).thread.id;
  }

  async runTurn(threadId: string, text: string, params: object = {}): Promise<Turn> {
    const input = [{ type: "text", text }];
    const { turn } = await this.request<{ turn: Turn }>("turn/start", { threadId, input, ...params });
    const turnOf = (completed: Params) => completed.turn as Turn; // part of turn/completed
    return turnOf(await this.waitForNotification("turn/completed", (completed) => turnOf(completed).id === turn.id));
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await Promise.race([this.#ended, sleep(2_000, undefined, { ref: false })]);
    killGroup(this.#child.pid);
    await this.#ended;
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 3 });
  }

  #send(message: object): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  #receive(message: Message): void {
    const { id, method, params = {} } = message;
    if (method === undefined) this.#arrivals.emit(`reply ${id}`, message);
    else if (id !== undefined) this.#send({ id, result: { decision: "accept" } });
    else {
      this.notifications.push({ method, params });
      this.#arrivals.emit("notification");
    }
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in the group.
  }
}
