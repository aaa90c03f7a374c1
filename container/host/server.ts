// Stands in for the container platform on a developer's machine: starts, watches and ends one runner per agent.
// HTTP on loopback, one bearer token; src/runtime/host-container.ts is its only client.
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import { baseEnv } from "../lib/base-env.ts";
import { HttpFailure, hasBearer, readJson, sendFailure, sendJson } from "../lib/http.ts";
import type { Logger } from "../lib/log.ts";
import { MODEL_BASE_URL } from "../protocol.ts";
import type { HostConfig } from "./config.ts";
import { Instance } from "./instance.ts";

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  agent: string;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** One look at an exit waits this long at most; the client asks again. */
const EXIT_POLL_MS = 25_000;

const StartRequest = z.object({ env: z.record(z.string(), z.string()) });
const SignalRequest = z.object({ signal: z.number().int().min(1).max(64) });
const PATH = /^\/agents\/([0-9a-f]{64})\/(start|exit|signal|destroy|disk)$/;

export class ProcessHost {
  readonly #config: HostConfig;
  readonly #log: Logger;
  readonly #instances = new Map<string, Instance>();
  readonly #server: Server;

  constructor(config: HostConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#server = createServer((request, response) => {
      void this.#dispatch(request, response).catch((error: unknown) => {
        if (!(error instanceof HttpFailure)) log.error("request failed", { path: request.url, error: String(error) });
        sendFailure(response, error);
      });
    });
  }

  /** Resolves to the port once the host listens on 127.0.0.1. Rejects where the port is taken. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(this.#config.HOST_PORT, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  }

  /** Ends every runner and stops listening. */
  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.all([...this.#instances.values()].map((instance) => instance.stop()));
  }

  async #dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!hasBearer(request, this.#config.HOST_TOKEN)) {
      throw new HttpFailure(401, { code: "unauthorized", message: "Wrong token." });
    }
    const url = new URL(request.url ?? "/", "http://host");
    if (url.pathname === "/health" && request.method === "GET") {
      return sendJson(response, 200, { instances: this.#instances.size });
    }
    const [, agent, action] = PATH.exec(url.pathname) ?? [];
    const call = { request, response, url, agent: agent ?? "" };
    if (action === "start" && request.method === "POST") return this.#start(call);
    if (action === "exit" && request.method === "GET") return this.#exit(call);
    if (action === "signal" && request.method === "POST") return this.#signal(call);
    if (action === "destroy" && request.method === "POST") return this.#destroy(call);
    if (action === "disk" && request.method === "DELETE") return this.#deleteDisk(call);
    throw new HttpFailure(404, { code: "not_found", message: "No such route." });
  }

  /** An older instance of the agent is ended first: a Worker that asks for a start knows of none. */
  async #start({ request, response, agent }: Call): Promise<void> {
    const { env } = parseBody(StartRequest, await readJson(request, MAX_BODY_BYTES));
    // Again after each wait: another start of this agent may have come first.
    for (let older = this.#instances.get(agent); older?.running; older = this.#instances.get(agent)) {
      await older.destroy();
    }
    const dataDir = join(this.#config.AGENTS_DIR, agent);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const instance = new Instance({
      entry: this.#config.RUNNER_ENTRY,
      env: this.#runnerEnv(env, dataDir),
      cwd: dataDir,
      onLine: (line) => process.stdout.write(`${line}\n`),
    });
    this.#instances.set(agent, instance);
    void instance.exited.then((code) => this.#log.info("runner exited", { agent, instance: instance.id, code }));
    const port = await instance.listening().catch(async (error: unknown) => {
      await instance.destroy();
      throw error;
    });
    this.#log.info("runner started", { agent, instance: instance.id, port });
    sendJson(response, 200, { instance: instance.id, port });
  }

  #runnerEnv(env: Readonly<Record<string, string>>, dataDir: string): NodeJS.ProcessEnv {
    const isInternal = env.MODEL_BASE_URL === undefined || env.MODEL_BASE_URL === MODEL_BASE_URL;
    return {
      ...baseEnv(process.env),
      ...env,
      MODEL_BASE_URL: isInternal ? this.#config.GATEWAY_URL : env.MODEL_BASE_URL,
      DATA_DIR: dataDir,
      LISTEN_HOST: "127.0.0.1",
      PORT: "0",
      ENDS_WITH_STDIN: "true",
      SANDBOX: this.#config.SANDBOX,
    };
  }

  /** 200 with the exit code, 204 while it runs, 404 for an instance that this host does not know. */
  async #exit({ response, url, agent }: Call): Promise<void> {
    const instance = this.#require(agent, url.searchParams.get("instance"));
    const code = await Promise.race([instance.exited, setTimeout(EXIT_POLL_MS, undefined, { ref: false })]);
    if (code === undefined) response.writeHead(204).end();
    else sendJson(response, 200, { exit_code: code });
  }

  async #signal({ request, response, url, agent }: Call): Promise<void> {
    const { signal } = parseBody(SignalRequest, await readJson(request, MAX_BODY_BYTES));
    this.#require(agent, url.searchParams.get("instance")).signal(signal);
    sendJson(response, 202, {});
  }

  async #destroy({ response, url, agent }: Call): Promise<void> {
    await this.#require(agent, url.searchParams.get("instance")).destroy();
    sendJson(response, 200, {});
  }

  /** Deletes all that the agent has here. Its instance is ended first: it would write again. */
  async #deleteDisk({ response, agent }: Call): Promise<void> {
    await this.#instances.get(agent)?.destroy();
    this.#instances.delete(agent);
    await rm(join(this.#config.AGENTS_DIR, agent), { recursive: true, force: true, maxRetries: 3 });
    sendJson(response, 200, {});
  }

  #require(agent: string, id: string | null): Instance {
    const instance = this.#instances.get(agent);
    if (instance === undefined || instance.id !== id) {
      throw new HttpFailure(404, { code: "not_found", message: "No such instance." });
    }
    return instance;
  }
}

function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new HttpFailure(400, { code: "bad_request", message: z.prettifyError(parsed.error).slice(0, 2_000) });
}
