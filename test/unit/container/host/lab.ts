// What the tests of the process host share: the real host as a process of its own, and its API.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { makeScratchDir } from "../../../support/app-server-driver.ts";
import { kill, processesNaming, untilGone } from "../../../support/processes.ts";

export interface Started {
  instance: string;
  port: number;
  /** What the runner wants as its bearer token. */
  token: string;
}

const root = resolve(import.meta.dirname, "../../../../container");
const Ready = z.object({ ready: z.literal(true), port: z.number() });
const Instance = z.object({ instance: z.string(), port: z.number() });

export class TestHost {
  readonly token = randomBytes(24).toString("hex");
  readonly agentsDir = makeScratchDir("agents-");
  readonly child: ChildProcess;
  readonly output: string[] = [];
  readonly exited: Promise<unknown>;
  #url = "";

  /** `env` wins over what the host is given otherwise. */
  static async start(gatewayUrl: string, env: Record<string, string> = {}): Promise<TestHost> {
    const host = new TestHost(gatewayUrl, env);
    await host.#ready().catch(async (error: unknown) => {
      await host.dispose();
      throw error;
    });
    return host;
  }

  private constructor(gatewayUrl: string, env: Record<string, string>) {
    this.child = spawn(process.execPath, [join(root, "host", "main.ts")], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOST_TOKEN: this.token,
        AGENTS_DIR: this.agentsDir,
        RUNNER_ENTRY: join(root, "runner", "main.ts"),
        GATEWAY_URL: gatewayUrl,
        A_SECRET_OF_THE_HOST: "hidden",
        ...env,
      },
    });
    this.exited = once(this.child, "exit");
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.token}`, ...init.headers },
    });
  }

  post(agent: string, action: string, body: unknown = {}): Promise<Response> {
    return this.request(`/agents/${agent}/${action}`, { method: "POST", body: JSON.stringify(body) });
  }

  /** Rejects where the runner does not come up. */
  async startAgent(agent: string, env: Record<string, string> = {}): Promise<Started> {
    const token = randomBytes(24).toString("hex");
    const own = { RUNNER_TOKEN: token, MODEL_TOKEN: "model-token", INCARNATION: "inc" };
    const response = await this.post(agent, "start", { env: { ...own, ...env } });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return { ...Instance.parse(await response.json()), token };
  }

  /** Resolves to the status and the body of the answer, once the runner is gone. */
  async exitOf(agent: string, instance: string): Promise<[status: number, body: unknown]> {
    const response = await this.request(`/agents/${agent}/exit?instance=${instance}`);
    return [response.status, await response.json()];
  }

  directoryOf(agent: string): string {
    return join(this.agentsDir, agent);
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await this.exited;
    await this.dispose();
  }

  /** For a host that has ended: throws where a process of one of its agents is left, which is then killed. */
  async dispose(): Promise<void> {
    const left = () => processesNaming(this.agentsDir);
    await untilGone(left).finally(() => {
      for (const pid of left()) kill(pid, "SIGKILL");
      rmSync(this.agentsDir, { recursive: true, force: true, maxRetries: 5 });
    });
  }

  async #ready(): Promise<void> {
    const ready = Promise.withResolvers<number>();
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.output.push(line);
        const parsed = Ready.safeParse(parseJson(line));
        if (parsed.success) ready.resolve(parsed.data.port);
      });
    }
    void this.exited.then((code) => ready.reject(new Error(`the host ended with ${code}: ${this.output.join("\n")}`)));
    this.#url = `http://127.0.0.1:${await ready.promise}`;
  }
}

/** 64 hexadecimal characters, as the id of a Durable Object. */
export function newAgent(): string {
  return randomBytes(32).toString("hex");
}

export function askRunner({ port, token }: Started, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
