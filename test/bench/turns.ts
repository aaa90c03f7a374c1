// Follow-up and new-conversation turns: the whole stack against one warm app-server that is driven directly, with the
// same prompt, schema, policy and settings, interleaved so that both see the same machine.
import * as v2 from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { appServerArguments } from "../../container/runner/codex/settings.ts";
import { chat } from "../../src/tools/chat.ts";
import { AppServer, makeScratchDir } from "../support/app-server-driver.ts";
import type { DevServer } from "../support/dev-server.ts";
import { timed } from "./statistics.ts";

export interface Samples {
  followUp: number[];
  fresh: number[];
}

/** In ms. */
export interface TurnSamples {
  direct: Samples;
  /** A client of revision 2026-07-28, which has no sessions. */
  modern: Samples;
  /** A client of revision 2025-11-25, in its session. */
  session: Samples;
}

const WARM_UP = 3;
const NAME = { name: "bench", version: "1" };

export async function benchTurns(modelUrl: string, server: DevServer, rounds: number): Promise<TurnSamples> {
  const sides = {
    direct: await directCodex(modelUrl),
    modern: await wholeStack("modern", await connectModern(server)),
    session: await wholeStack("session", await connectSession(server)),
  };
  const samples: TurnSamples = { direct: none(), modern: none(), session: none() };
  try {
    for (let round = -WARM_UP; round < rounds; round++) {
      for (const name of ["direct", "modern", "session"] as const) {
        const followUp = await timed(() => sides[name].followUp(`follow-up ${round}`));
        const fresh = await timed(() => sides[name].fresh(`new ${round}`));
        if (round < 0) continue;
        samples[name].followUp.push(followUp);
        samples[name].fresh.push(fresh);
      }
    }
  } finally {
    for (const side of Object.values(sides)) await side.close();
  }
  return samples;
}

function none(): Samples {
  return { followUp: [], fresh: [] };
}

async function directCodex(modelUrl: string) {
  const cwd = makeScratchDir("bench-workspace-");
  const args = appServerArguments({ dataDir: cwd, modelBaseUrl: modelUrl, modelToken: "none" });
  const config = args.filter(
    (arg) => arg.includes("=") && !arg.startsWith("model_provider") && !arg.startsWith("sqlite"),
  );
  const codex = await AppServer.start({ baseUrl: modelUrl, config });
  const { data } = await codex.request<{ data: { id: string; isDefault: boolean }[] }>("model/list", {});
  const model = data.find((candidate) => candidate.isDefault)?.id ?? "";
  const open = () => codex.startThread({ cwd, model, sandbox: "read-only" });
  const say = async (threadId: string, message: string): Promise<void> => {
    const turn = await codex.runTurn(threadId, chat.prompt({ message }), { outputSchema: chat.codexSchema });
    if (turn.status !== "completed") throw new Error(`the turn ended as ${turn.status}`);
  };
  const thread = await open();
  return {
    followUp: (message: string) => say(thread, message),
    fresh: async (message: string) => say(await open(), message),
    close: () => codex.close(),
  };
}

interface Caller {
  call(parameters: Record<string, unknown>): Promise<{ structuredContent?: unknown; content: unknown }>;
  close(): Promise<void>;
}

async function wholeStack(name: string, { call, close }: Caller) {
  const say = async (agent: string, parameters: Record<string, unknown>): Promise<void> => {
    const result = await call({ agent_id: `bench-${name}-${agent}`, ...parameters });
    const { status } = result.structuredContent as { status: string }; // the envelope
    if (status !== "completed") throw new Error(`the turn ended as ${status}: ${JSON.stringify(result.content)}`);
  };
  return {
    followUp: (message: string) => say("follow-up", { message }),
    fresh: (message: string) => say("new", { message, conversation_id: "new" }),
    close,
  };
}

async function connectModern({ url, token }: DevServer): Promise<Caller> {
  const client = new v2.Client(NAME, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new v2.StreamableHTTPClientTransport(new URL(`${url}/mcp`), withToken(token)));
  return {
    call: (parameters) => client.callTool({ name: "chat", arguments: parameters }),
    close: () => client.close(),
  };
}

async function connectSession({ url, token }: DevServer): Promise<Caller> {
  const client = new Client(NAME);
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), withToken(token));
  // The SDK's transport type and its class disagree under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  return {
    call: async (parameters) => {
      const { structuredContent, content } = await client.callTool({ name: "chat", arguments: parameters });
      return { structuredContent, content };
    },
    close: () => client.close(),
  };
}

function withToken(token: string) {
  return { requestInit: { headers: { authorization: `Bearer ${token}` } } };
}
