// The Worker's way to runners and the process host, with a stop at each point where a fault may strike.
import { env } from "cloudflare:workers";
import type { Answer, Point } from "../points.ts";
import { arm } from "./switches.ts";

const realFetch = globalThis.fetch;
const TURNS = /^\/turns(?:\/([\w-]+)\/events)?$/;
const START = /^\/agents\/([0-9a-f]{64})\/start$/;
/** It waits for the end of a runner: there is nothing on its way that could be lost. */
const EXIT = /\/exit$/;

globalThis.fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  const request = new Request(input, init);
  const url = new URL(request.url);
  const isOurs = [env.SUITE_URL, env.OPENAI_BASE_URL].every((other) => new URL(other).port !== url.port);
  if (url.hostname !== "127.0.0.1" || !isOurs || EXIT.test(url.pathname)) return realFetch(request);
  return call(request, url);
};

async function call(request: Request, url: URL): Promise<Response> {
  const port = Number(url.port);
  const turn = await turnOf(request, url);
  const point = { type: "call" as const, port, method: request.method, path: url.pathname };
  const before = await pass({ ...point, when: "before", ...(turn && { turn }) });
  if (before === "refuse") throw new Error("fault: connection refused");
  const response = await realFetch(request);
  const after = before === "lose" ? before : await pass({ ...point, when: "after" });
  if (after === "lose") {
    await response.body?.cancel();
    throw new Error("fault: the answer is lost");
  }
  const object = START.exec(url.pathname)?.[1];
  if (object !== undefined && response.ok) {
    const started: { port: number } = await response.clone().json();
    await pass({ type: "started", object, port: started.port });
  }
  const turnId = turn?.id ?? TURNS.exec(url.pathname)?.[1];
  return turnId === undefined || !response.ok ? response : follow(response, port, turnId);
}

async function turnOf(request: Request, { pathname }: URL): Promise<{ id: string; prompt: string } | undefined> {
  if (request.method !== "POST" || pathname !== "/turns") return undefined;
  const { turn_id, prompt }: { turn_id: string; prompt: string } = await request.clone().json();
  return { id: turn_id, prompt };
}

/** Resolves when the suite lets it go on. */
async function pass(point: Point): Promise<Answer["act"]> {
  const response = await realFetch(`${env.SUITE_URL}/points`, { method: "POST", body: JSON.stringify(point) });
  const { act, arm: switches = [] }: Answer = await response.json();
  arm(switches);
  return act;
}

/** The event stream, line by line. */
function follow(response: Response, port: number, turnId: string): Response {
  const lines = linesOf(response);
  const encoder = new TextEncoder();
  const sent: string[] = [];
  let held: string | undefined;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const send = (line: string): void => controller.enqueue(encoder.encode(`${line}\n`));
      const { value: line, done } = await lines.next();
      if (done === true) {
        if (held !== undefined) send(held);
        return controller.close();
      }
      const act = line.includes('"seq"') ? await pass({ type: "line", port, turn_id: turnId, line }) : "pass";
      if (act === "cut" || act === "half" || act === "end") {
        if (act === "half") controller.enqueue(encoder.encode(line.slice(0, line.length / 2)));
        void lines.return();
        return act === "end" ? controller.close() : controller.error(new Error("fault: connection reset"));
      }
      const out = act === "drop" || act === "swap" ? [] : [line];
      if (act === "repeat") out.push(line);
      if (act === "replay") out.unshift(...sent);
      for (const one of [...out, ...(held === undefined ? [] : [held])]) send(one);
      held = act === "swap" ? line : undefined;
      sent.push(line);
      if (out.length === 0) return this.pull?.(controller);
    },
    cancel: async () => void (await lines.return()),
  });
  return new Response(body, response);
}

async function* linesOf({ body }: Response): AsyncGenerator<string, void, undefined> {
  if (body === null) return;
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}
