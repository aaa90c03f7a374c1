// Many who follow one turn at once, over REST and over MCP; some MCP callers read nothing for a while.
import { quantile } from "../bench/statistics.ts";
import type { DevServer } from "../support/dev-server.ts";
import { script } from "../support/fake-model/script.ts";
import { CLIENTS } from "../support/mcp-clients.ts";
import { type MemoryUse, withMemory } from "../support/memory.ts";
import { restOf } from "./rest.ts";

export interface WatchersLoad {
  rest: number;
  /** Callers who see progress. */
  mcp: number;
  /** Progress lines of the turn. */
  lines: number;
  /** How long the turn is at work before its lines come, so that everybody is there. */
  gatherMs: number;
}

export interface WatchersReport {
  durationMs: number;
  completed: number;
  others: string[];
  /** Progress lines that the MCP callers have seen, least and most. */
  seen: { least: number; most: number };
  /** From the turn's end, as it is stored, to the answer at the client, in ms. */
  lagMs: { p50: number; p95: number };
  /** One who starts to read its answer only at the end. */
  slow: string;
  memory: MemoryUse;
}

export async function loadWatchers(server: DevServer, load: WatchersLoad): Promise<WatchersReport> {
  const call = restOf(server);
  const agent_id = `watched-${load.rest}-${load.mcp}-${load.lines}`;
  const [kind] = CLIENTS;
  if (kind === undefined) throw new Error("there is no client");
  const client = await kind.connect(server);
  const steps = [{ stallMs: load.gatherMs }, { reasoning: "z".repeat(250), count: load.lines }, { answer: {} }];
  const startedAt = performance.now();
  const { turn_id } = await call("chat", { agent_id, message: `Think. ${script(...steps)}`, wait_seconds: 0 });
  const follow = { agent_id, turn_id, wait_seconds: 300 };
  const { value, memory } = await withMemory(server, async () => {
    const slow = startSlowReader(server, follow);
    const viaRest = Array.from({ length: load.rest }, async () => {
      const { status } = await call("get_turn", follow);
      return { status, at: performance.now(), seen: undefined };
    });
    const viaMcp = Array.from({ length: load.mcp }, async () => {
      let seen = 0;
      const onProgress = (): void => {
        seen++;
      };
      const { structuredContent } = await client.call("get_turn", follow, { onProgress, timeoutMs: 300_000 });
      return { status: structuredContent.status, at: performance.now(), seen };
    });
    const answers = await Promise.all([...viaRest, ...viaMcp]);
    return { answers, slow: await slow.finish() };
  });
  await client.close();
  const first = Math.min(...value.answers.map(({ at }) => at));
  const lags = value.answers.map(({ at }) => at - first);
  const seen = value.answers.flatMap((answer) => (answer.seen === undefined ? [] : [answer.seen]));
  const statuses = value.answers.map(({ status }) => String(status));
  return {
    durationMs: performance.now() - startedAt,
    completed: statuses.filter((status) => status === "completed").length,
    others: statuses.filter((status) => status !== "completed"),
    seen: { least: Math.min(...seen), most: Math.max(...seen) },
    lagMs: { p50: quantile(lags, 0.5), p95: quantile(lags, 0.95) },
    slow: value.slow,
    memory,
  };
}

/** An MCP call whose stream is not read until `finish`. */
function startSlowReader({ url, token }: DevServer, parameters: object) {
  const version = "2026-07-28";
  const meta = {
    progressToken: 1,
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientInfo": { name: "slow", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const response = fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": version,
      "mcp-method": "tools/call",
      "mcp-name": "get_turn",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "get_turn", arguments: parameters, _meta: meta },
    }),
  });
  return {
    finish: async (): Promise<string> => {
      const text = await (await response).text();
      return /"status":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 500);
    },
  };
}
