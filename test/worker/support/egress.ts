// Requests of containers, as the platform hands them over: through what the `Container` class registers with `ctx.container` as the
// way out. There is no container here, so the tests send them themselves; hosts of the internet are scripted upstreams.
import { runInDurableObject } from "cloudflare:test";
import { afterEach } from "vitest";
import type { Access } from "../../../container/protocol.ts";
import type { TurnView } from "../../../src/agent/types.ts";
import { type Agent, eventually, get, settled, start, turn } from "./agents.ts";
import { lab, upstream } from "./lab.ts";

/** On the list, as vitest.config.ts has it. */
export const ALLOWED = "registry.egress.example";

/** Addresses (`*`: all) and the way out that was given for them. */
export interface Exits {
  http: ReadonlyMap<string, Fetcher>;
  https: ReadonlyMap<string, Fetcher>;
}

const realFetch = globalThis.fetch;

afterEach(() => {
  globalThis.fetch = realFetch;
});

/** What the class registers at a start of the container. `use` runs within the object, where these belong. */
export function withExits<T>(agent: Agent, use: (exits: Exits) => Promise<T>): Promise<T> {
  return runInDurableObject(agent, async (object, { container }) => {
    const [http, https] = [new Map<string, Fetcher>(), new Map<string, Fetcher>()];
    Object.assign(container ?? {}, {
      interceptOutboundHttp: async (address: string, exit: Fetcher) => void http.set(address, exit),
      interceptAllOutboundHttp: async (exit: Fetcher) => void http.set("*", exit),
      interceptOutboundHttps: async (address: string, exit: Fetcher) => void https.set(address, exit),
    });
    // Private in its types: it is what the class itself calls before it starts a container.
    await (object as unknown as { refreshOutboundInterception(): Promise<void> }).refreshOutboundInterception();
    return use({ http, https });
  });
}

export interface Outcome {
  status: number;
  statusText: string;
  headers: Record<string, string>;
  text: string;
}

/** Sends a request out of the agent's container, as it would come from a program there. */
export function send(agent: Agent, url: string, init: RequestInit = {}): Promise<Outcome> {
  return withExits(agent, async ({ http, https }) => {
    const exit = (url.startsWith("https:") ? https : http).get("*");
    if (exit === undefined) throw new Error("the class has registered no way out for all hosts");
    const response = await exit.fetch(url, { redirect: "manual", ...init });
    const { status, statusText } = response;
    return { status, statusText, headers: Object.fromEntries(response.headers), text: await response.text() };
  });
}

/** From now on that host of the internet behaves as the scenario says; see test/support/worker-upstreams.ts. */
export function internetHost(host: string, scenario: string): ReturnType<typeof upstream> {
  const api = upstream(scenario);
  const next = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    const { origin, pathname, search } = new URL(request.url);
    if (origin !== `https://${host}`) return next(request);
    return realFetch(new Request(`${api.baseUrl}${pathname}${search}`, request));
  };
  return api;
}

export interface OpenTurn {
  turnId: string;
  /** Lets it come to its end. `by`: a stub of the agent that still works. */
  end(by?: Agent): Promise<TurnView>;
}

/** A turn that is at work until it is told to end. */
export async function openTurn(agent: Agent, access: Access): Promise<OpenTurn> {
  const go = `go-${crypto.randomUUID()}`;
  const steps = [{ run: `until [ -e ${go} ]; do sleep 0.05; done` }, { say: "done" }];
  const { turn_id: turnId } = await start(agent, turn(steps, { access }));
  await eventually(async () => (await get(agent, turnId)).status === "running");
  const end = async (by = agent): Promise<TurnView> => {
    await lab.writeFile(agent, go, "");
    return settled(by, turnId);
  };
  return { turnId, end };
}
