// The real runner with the real Codex below it, as a process or in a container, and a typed client of its API.
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { ModelInfo, RunnerHealth, RunnerMetrics, type TurnEvent, type TurnSpec } from "../../container/protocol.ts";
import { makeScratchDir } from "./app-server-driver.ts";
import { commandLine, descendantsOf, kill, processesNaming, untilGone } from "./processes.ts";
import { makeBody, type RunnerBody } from "./runner-body.ts";
import { collect, readEvents, recordOf, type TurnRecord } from "./turn-record.ts";

export interface RunnerOptions {
  /** Base URL of the model API; ends in /v1. */
  modelUrl: string;
  /** Kept after the stop when it is given; a scratch directory otherwise. */
  dataDir?: string;
  /** The program in place of the sources. */
  entry?: string;
  /** Wins over everything else. */
  env?: Record<string, string>;
}

const Ready = z.object({ ready: z.literal(true), port: z.number() });

export class TestRunner {
  readonly token = randomBytes(24).toString("hex");
  /** What Codex presents to the model API. */
  readonly modelToken = `mt-${randomBytes(16).toString("hex")}`;
  readonly dataDir: string;
  readonly workspace: string;
  readonly child: ChildProcess;
  /** Everything that it printed, line by line. */
  readonly output: string[] = [];
  /** Resolves to the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  readonly #keepsData: boolean;
  readonly #body: RunnerBody;
  #url = "";
  #pid = 0;

  /** Resolves when it listens; Codex may still be starting. Rejects, with what it printed, when it exits before that. */
  static async start(options: RunnerOptions): Promise<TestRunner> {
    const runner = new TestRunner(options);
    await runner.#listening().catch(async (error: unknown) => {
      await runner.dispose();
      throw error;
    });
    return runner;
  }

  private constructor({ modelUrl, dataDir, entry, env }: RunnerOptions) {
    this.dataDir = dataDir ?? makeScratchDir("runner-");
    this.#keepsData = dataDir !== undefined;
    this.workspace = join(this.dataDir, "workspace");
    this.#body = makeBody(this.dataDir, entry);
    this.child = this.#body.start({
      RUNNER_TOKEN: this.token,
      MODEL_TOKEN: this.modelToken,
      MODEL_BASE_URL: modelUrl,
      INCARNATION: "inc_test",
      DATA_DIR: this.dataDir,
      LOG_LEVEL: "DEBUG",
      ...env,
    });
    this.exited = once(this.child, "exit").then(([code, signal]) => code ?? signal);
  }

  get url(): string {
    return this.#url;
  }

  /** The process at the root of it all: the runner, or its container's first. */
  get pid(): number {
    return this.#pid;
  }

  /** Gives what is in the workspace to the user whose commands may write. */
  giveWorkspace(): void {
    this.#body.giveWorkspace();
  }

  /** The app-server, by its command line; undefined while there is none. */
  get codexPid(): number | undefined {
    return descendantsOf(this.pid).find((pid) => commandLine(pid).includes(" app-server "));
  }

  /** With the right token, unless `init` has another `authorization`. */
  request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.token}`, ...init.headers },
    });
  }

  async health(): Promise<RunnerHealth> {
    return RunnerHealth.parse(await json(await this.request("/health")));
  }

  async metrics(): Promise<RunnerMetrics> {
    return RunnerMetrics.parse(await json(await this.request("/metrics")));
  }

  async models(): Promise<ModelInfo[]> {
    return z.object({ models: z.array(ModelInfo) }).parse(await json(await this.request("/models"))).models;
  }

  async logTail(lines: number): Promise<string[]> {
    return z.object({ lines: z.array(z.string()) }).parse(await json(await this.request(`/logs?tail=${lines}`))).lines;
  }

  /** The answer as it is, for a test that looks at its status. Closed by `signal` or by reading it. */
  postTurn(spec: TurnSpec, init: { after?: number; signal?: AbortSignal } = {}): Promise<Response> {
    const { after = 0, ...rest } = init;
    return this.request(`/turns?after=${after}`, { method: "POST", body: JSON.stringify(spec), ...rest });
  }

  /** Starts a turn and hands over its events as they come. */
  async startTurn(spec: TurnSpec): Promise<AsyncGenerator<TurnEvent, void, undefined>> {
    return readEvents(await this.postTurn(spec));
  }

  /** All events above `after`, once the turn has settled. */
  async eventsAfter(turnId: string, after: number): Promise<TurnEvent[]> {
    return collect(await readEvents(await this.request(`/turns/${turnId}/events?after=${after}`)));
  }

  async runTurn(spec: TurnSpec): Promise<TurnRecord> {
    return recordOf(spec.turn_id, await collect(await this.startTurn(spec)));
  }

  async cancel(turnId: string): Promise<number> {
    return (await this.request(`/turns/${turnId}/cancel`, { method: "POST" })).status;
  }

  putRollout(threadId: string, content: string | Buffer): Promise<Response> {
    return this.request(`/threads/${threadId}/rollout`, { method: "PUT", body: content });
  }

  /** Ends it as whoever runs it does, and proves that no process of it is left. */
  async stop(): Promise<void> {
    this.#body.end(this.child);
    const timer = setTimeout(() => this.#body.kill(this.child), 8_000);
    await this.exited;
    clearTimeout(timer);
    await this.dispose();
  }

  /** For a runner that has ended: throws where a process of it is left, which is then killed. Removes its directory. */
  async dispose(): Promise<void> {
    const left = () => processesNaming(this.dataDir);
    await untilGone(left, 1_000).finally(() => {
      for (const pid of left()) kill(pid, "SIGKILL");
      if (!this.#keepsData) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
    });
  }

  async #listening(): Promise<void> {
    const ready = Promise.withResolvers<number>();
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.output.push(line);
        const parsed = Ready.safeParse(parseJson(line));
        if (parsed.success) ready.resolve(parsed.data.port);
      });
    }
    // Not at its exit: what it said last may still be on its way.
    void once(this.child, "close").then(([code]) =>
      ready.reject(new Error(`the runner ended with ${code}: ${this.output.join("\n")}`)),
    );
    this.#url = this.#body.urlOf(await ready.promise);
    this.#pid = this.#body.pidOf(this.child);
  }
}

async function json(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return await response.json();
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
