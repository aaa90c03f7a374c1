// Model APIs that behave in one particular way each, for tests of the gateway: `/upstream/<scenario>/<key>/v1` is a base URL.
// What each was sent is told at `/upstream/recorded/<key>`, so that no answer needs to repeat it.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";

export interface UpstreamRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The gateway went away before the answer had ended. */
  connectionClosed: boolean;
}

/** The body of a request to the scenario `played`: what to answer. */
export interface Played {
  /** Each goes out by itself. */
  chunks: string[];
  /** After the last one: the end, a broken connection, or nothing more. */
  end: "close" | "break" | "wait";
  gzip?: boolean;
}

type Scenario = (call: {
  request: IncomingMessage;
  response: ServerResponse;
  key: string;
  body: Promise<string>;
}) => void;

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  path: string;
  body: string;
}

export class Upstreams {
  readonly #recorded = new Map<string, UpstreamRequest[]>();
  readonly #released = new Map<string, PromiseWithResolvers<void>>();

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [scenario = "", key = "", ...rest] = (request.url ?? "").replace("/upstream/", "").split("/");
    if (scenario === "recorded") return void response.end(JSON.stringify(this.#recorded.get(key) ?? []));
    if (scenario === "release") {
      this.#gate(key).resolve();
      return void response.end();
    }
    const body = text(request);
    void body
      .then((whole) => this.#record(key, { request, response, path: rest.join("/"), body: whole }))
      .catch(() => {});
    const play = this.#scenarios[scenario] ?? this.#status(Number(scenario));
    play({ request, response, key, body });
  }

  readonly #scenarios: Readonly<Record<string, Scenario>> = {
    /** Every header that could pass, and some that must not. */
    headers: ({ response }) => {
      response.writeHead(200, {
        "content-type": "text/event-stream",
        "x-codex-primary-used-percent": "12",
        "x-openai-authorization-error": "none",
        "x-ratelimit-remaining-requests": "99",
        "openai-model": "gpt-5.5",
        "x-request-id": "req_upstream",
        "set-cookie": "session=1",
        "x-internal-host": "db-1",
      });
      response.end("data: done\n\n");
    },
    /** One event; the other one and the end only after `/upstream/release/<key>`. */
    gated: async ({ response, key }) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: first\n\n");
      await this.#gate(key).promise;
      response.end("data: last\n\n");
    },
    /** Sends each piece of the request back as it comes. */
    echo: ({ request, response }) => void request.pipe(response),
    gzip: ({ response }) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("packed ".repeat(1_000)));
    },
    /** What the request's own body says: see {@link Played}. */
    played: async ({ response, body }) => {
      const { chunks, end, gzip = false }: Played = JSON.parse(await body);
      const type = { "content-type": "text/event-stream" };
      response.writeHead(200, gzip ? { ...type, "content-encoding": "gzip" } : type);
      if (gzip) return void response.end(gzipSync(chunks.join("")));
      for (const chunk of chunks) {
        await new Promise((resolve) => response.write(chunk, resolve));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (end === "close") response.end();
      if (end === "break") response.destroy();
    },
    redirect: ({ response, key }) => {
      response.writeHead(307, { location: `/upstream/headers/${key}/v1/stolen` }).end();
    },
    /** The dev server's way to hand out the login of its machine: another one each time. */
    lender: async ({ response, body }) => {
      const { rejected } = JSON.parse(await body);
      const id = `after-${rejected}`.slice(0, 64);
      const facts = { account_id: "acc-1", expires_at: null, email: null, plan: "plus", is_renewable: true };
      const answer = { status: "ok", id, access_token: `token-${id}`, ...facts };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    },
    hangup: ({ response }) => void response.destroy(),
  };

  /** A refusal as OpenAI words it: its text repeats part of the key. */
  #status(status: number): Scenario {
    return async ({ request, response, body }) => {
      await body;
      const message = `Told to answer ${status} to ${request.headers.authorization}.`;
      const headers = { "content-type": "application/json", "retry-after": "7" };
      response.writeHead(status, headers).end(JSON.stringify({ error: { message, code: "scripted" } }));
    };
  }

  #gate(key: string): PromiseWithResolvers<void> {
    const gate = this.#released.get(key) ?? Promise.withResolvers<void>();
    this.#released.set(key, gate);
    return gate;
  }

  #record(key: string, { request, response, path, body }: Exchange): void {
    const { method = "", headers } = request;
    const recorded = { method, path: `/${path}`, headers, body, connectionClosed: false };
    response.once("close", () => {
      recorded.connectionClosed = !response.writableFinished;
    });
    this.#recorded.set(key, [...(this.#recorded.get(key) ?? []), recorded]);
  }
}
