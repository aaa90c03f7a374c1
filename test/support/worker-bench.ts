// One bench: the process host of one workerd, with the agents' directories. Its port stays the same when the host is killed and
// started again, as under `npm run dev`.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { freePort } from "../../src/cli/dev/ports.ts";
import { commandLine, kill, processesNaming } from "./processes.ts";
import { HostProcess } from "./worker-host-process.ts";
import type { BenchDescription } from "./worker-provided.ts";

export interface BenchOptions {
  id: string;
  scratchDir: string;
  runnerEntry: string;
}

export class Bench {
  readonly description: BenchDescription;
  readonly #agentsDir: string;
  readonly #env: Record<string, string>;
  #host: HostProcess | undefined;

  private constructor(description: BenchDescription, options: BenchOptions) {
    this.description = description;
    this.#agentsDir = join(options.scratchDir, description.id);
    this.#env = {
      HOST_TOKEN: description.hostToken,
      HOST_PORT: new URL(description.hostUrl).port,
      AGENTS_DIR: this.#agentsDir,
      RUNNER_ENTRY: options.runnerEntry,
      GATEWAY_URL: `http://127.0.0.1:${description.workerPort}/model/v1`,
      LOG_LEVEL: "WARN",
    };
  }

  static async open(options: BenchOptions): Promise<Bench> {
    const [workerPort, hostPort] = [await freePort(), await freePort()];
    const hostToken = randomBytes(32).toString("hex");
    const description = { id: options.id, workerPort, hostUrl: `http://127.0.0.1:${hostPort}`, hostToken };
    const bench = new Bench(description, options);
    await bench.#startHost();
    return bench;
  }

  async close(): Promise<void> {
    await this.#host?.stop();
    this.#host = undefined;
  }

  /** What a test asks for. `object` is a Durable Object's id: the name of its agent's directory. */
  async act(action: string, object: string, query: URLSearchParams, request: IncomingMessage): Promise<unknown> {
    const file = join(this.#agentsDir, object, "workspace", query.get("path") ?? "");
    switch (action) {
      case "POST restart-host":
        await this.close();
        return this.#startHost();
      case "POST kill-host":
        await this.#host?.kill();
        this.#host = undefined;
        return;
      case "POST start-host":
        return this.#startHost();
      case "POST kill-agent":
        for (const pid of processesNaming(join(this.#agentsDir, object))) kill(pid, "SIGKILL");
        return;
      case "GET file":
        return readOrNull(file);
      case "PUT file":
        mkdirSync(dirname(file), { recursive: true });
        return writeFileSync(file, await text(request));
      case "POST shell":
        return runShell(await text(request), join(this.#agentsDir, object, "workspace"));
      case "DELETE disk":
        return rmSync(join(this.#agentsDir, object), { recursive: true });
      case "GET processes":
        return processesNaming(join(this.#agentsDir, object)).map(commandLine);
      default:
        throw new Error(`no such action: ${action}`);
    }
  }

  async #startHost(): Promise<void> {
    this.#host = await HostProcess.start(this.#env);
  }
}

/** Resolves to what it printed. Rejects where it fails. */
async function runShell(script: string, cwd: string): Promise<string> {
  mkdirSync(cwd, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
  const { stdout } = await promisify(execFile)("bash", ["-ec", script], { cwd, env, timeout: 15_000 });
  return stdout;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
