// The whole server on this machine, each part of it a process that can be killed and started again on what it left: the Worker
// in workerd, the process host with its runners, the real Codex. Only the model is a stand-in.
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { freePort } from "../../src/cli/dev/ports.ts";
import { makeScratchDir } from "../support/app-server-driver.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model/fake-model.ts";
import { commandLine, kill, processesNaming, untilGone } from "../support/processes.ts";
import { makeRunnerEntry } from "../support/runner-entry.ts";
import { type Bundle, bundleWorker } from "./build.ts";
import { Control } from "./control.ts";
import { AgentsDisk } from "./disk.ts";
import { Part } from "./part.ts";
import { OBJECT_ROUTE, REMAINS_ROUTE, type Remains, SWITCH_ROUTE, type Switch } from "./points.ts";
import { hostEnv, workerOptions } from "./settings.ts";

const GONE_TIMEOUT_MS = 5_000;
const MAX_LOG_LINES = 4_000;

export class Stack {
  readonly control: Control;
  readonly model: FakeModel;
  readonly disk: AgentsDisk;
  readonly url: string;
  readonly token: string;
  /** What Worker, host and runners printed last. */
  readonly log: string[] = [];
  readonly #scratch: string;
  readonly #worker: Part;
  readonly #host: Part;
  readonly #writeOptions: () => unknown;
  readonly #onExit = (): void => this.#removeAll();
  #clockOffsetMs = 0;

  static async start(): Promise<Stack> {
    const scratch = makeScratchDir("faults-");
    const [bundle, runnerEntry] = await Promise.all([bundleWorker(scratch), makeRunnerEntry(scratch)]);
    const [control, model] = await Promise.all([Control.listen(), startFakeModel()]);
    const ports = { worker: await freePort(), host: await freePort() };
    const stack = new Stack({ scratch, bundle, runnerEntry, control, model, ports });
    try {
      await Promise.all([stack.#worker.start(), stack.#host.start()]);
    } catch (error) {
      await stack.close();
      throw error;
    }
    return stack;
  }

  private constructor({
    scratch,
    bundle,
    runnerEntry,
    control,
    model,
    ports,
  }: {
    scratch: string;
    bundle: Bundle;
    runnerEntry: string;
    control: Control;
    model: FakeModel;
    ports: { worker: number; host: number };
  }) {
    this.#scratch = scratch;
    this.control = control;
    this.model = model;
    this.disk = new AgentsDisk(join(scratch, "agents"));
    this.url = `http://127.0.0.1:${ports.worker}`;
    const settings = { scratch, bundle, runnerEntry, ports, agentsDir: this.disk.directory };
    const options = () =>
      workerOptions(settings, { suite: control.url, model: model.url, clockOffsetMs: this.#clockOffsetMs });
    this.token = options().token;
    process.once("exit", this.#onExit);
    const onLine = (line: string): void => {
      this.log.push(line);
      if (this.log.length > MAX_LOG_LINES) this.log.shift();
    };
    const program = join(import.meta.dirname, "worker-program.ts");
    const common = { cwd: scratch, onLine };
    this.#writeOptions = options;
    const worker = { program, args: [options().file], env: { HOME: scratch }, restartsItself: true };
    this.#worker = new Part({ ...common, ...worker });
    const host = resolve(import.meta.dirname, "../../container/host/main.ts");
    this.#host = new Part({ ...common, program: host, args: [], env: hostEnv(settings), restartsItself: false });
  }

  /** As a crash, and up again after that time. Resolves when it serves. */
  async restart(what: "worker" | "host", downMs: number): Promise<void> {
    this.#writeOptions();
    await (what === "worker" ? this.#worker : this.#host).restart(downMs);
  }

  /** Resolves when both parts are up. */
  async untilUp(): Promise<void> {
    await Promise.all([this.#worker.untilUp(), this.#host.untilUp()]);
  }

  /** Disarms what was armed before, the clock excepted. */
  async arm(switches: readonly Switch[]): Promise<void> {
    await this.untilUp();
    for (const one of switches) if (one.kind === "clock") this.#clockOffsetMs = one.offsetMs;
    await fetch(`${this.url}${SWITCH_ROUTE}`, { method: "POST", body: JSON.stringify(switches) });
  }

  /** For a change that the Worker is told in another way; it outlives a restart. */
  setClock(offsetMs: number): void {
    this.#clockOffsetMs = offsetMs;
  }

  /** The id of the Durable Object, which names the agent's directory. */
  async objectOf(agent: string): Promise<string> {
    const name = encodeURIComponent(`owner/${agent}`);
    return (await fetch(`${this.url}${OBJECT_ROUTE}?name=${name}`)).text();
  }

  async remains(): Promise<Remains> {
    return (await fetch(`${this.url}${REMAINS_ROUTE}`)).json() as Promise<Remains>; // the route's own type
  }

  directoryOf(object: string): string {
    return join(this.disk.directory, object);
  }

  /** A file of the agent's workspace. */
  fileOf(object: string, path: string): string {
    return join(this.directoryOf(object), "workspace", path);
  }

  /** What runs for that agent, or what of it has the word in its command line. */
  processesOf(object: string, word = ""): number[] {
    return processesNaming(this.directoryOf(object)).filter((pid) => commandLine(pid).includes(word));
  }

  /** For temporary files of runners and the host. */
  get tmpDir(): string {
    return join(this.#scratch, "tmp");
  }

  /** Ends everything. Rejects where something does not end. */
  async close(): Promise<void> {
    await Promise.all([this.#worker.stop(), this.#host.stop()]);
    await Promise.all([this.control.close(), this.model.close()]);
    const left = () => processesNaming(this.#scratch);
    try {
      await untilGone(left, GONE_TIMEOUT_MS);
    } finally {
      process.off("exit", this.#onExit);
      this.#removeAll();
    }
  }

  #removeAll(): void {
    for (const pid of processesNaming(this.#scratch)) kill(pid, "SIGKILL");
    this.disk.close();
    rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}
