// What tests inside workerd cannot do themselves, behind a little HTTP on loopback: process hosts (one per bench), agents'
// disks, a fake model, scripted upstreams and fake ChatGPT accounts. worker-lab-client.ts is its only caller.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { FakeAccounts } from "./fake-accounts/fake-accounts.ts";
import type { GitServer } from "./git-server.ts";
import { processesNaming, untilGone } from "./processes.ts";
import { Bench } from "./worker-bench.ts";
import { Upstreams } from "./worker-upstreams.ts";

export interface LabOptions {
  /** A directory of this run alone: everything that the lab starts works below it. */
  scratchDir: string;
  /** The bundled runner. */
  runnerEntry: string;
  git: GitServer;
}

export class Lab {
  readonly #options: LabOptions;
  readonly #benches = new Map<string, Bench>();
  readonly #upstreams = new Upstreams();
  readonly #accounts = new FakeAccounts();
  readonly #server: Server;

  constructor(options: LabOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => sendJson(response, 500, { error: String(error) }));
    });
  }

  /** Resolves to the lab's URL. */
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // a TCP server that listens has one
  }

  /** Ends everything. Rejects, naming them, where processes are left although their host was told to stop. */
  async close(): Promise<void> {
    await Promise.all([...this.#benches.values()].map((bench) => bench.close()));
    this.#server.close();
    this.#server.closeAllConnections();
    await untilGone(() => processesNaming(this.#options.scratchDir), 1_000);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://lab");
    if (url.pathname.startsWith("/upstream/")) return this.#upstreams.serve(request, response);
    if (url.pathname.startsWith("/openai/")) {
      return this.#accounts.serve((request.url ?? "").slice("/openai".length), request, response);
    }
    if (url.pathname.startsWith("/repositories/")) return this.#addRepository(url, request, response);
    if (request.method === "POST" && url.pathname === "/benches") return this.#openBench(response);
    const [, benchId = "", action = "", object = ""] = url.pathname.split("/").slice(1);
    const bench = this.#benches.get(benchId);
    if (bench === undefined) return sendJson(response, 404, { error: `no bench ${benchId}` });
    sendJson(response, 200, await bench.act(`${request.method} ${action}`, object, url.searchParams, request));
  }

  /** Made by the script in the body. */
  async #addRepository(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = url.searchParams.get("token");
    const name = url.pathname.split("/")[2] ?? "";
    sendJson(response, 200, this.#options.git.add(name, await text(request), token === null ? {} : { token }));
  }

  async #openBench(response: ServerResponse): Promise<void> {
    const id = randomBytes(4).toString("hex");
    const bench = await Bench.open({ ...this.#options, id });
    this.#benches.set(id, bench);
    sendJson(response, 200, bench.description);
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body ?? null));
}
