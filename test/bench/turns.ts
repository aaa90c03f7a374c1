// Follow-up and new-conversation turns: the whole stack against one warm app-server that is driven directly, with the
// same prompt, schema, policy and settings, interleaved so that both see the same machine.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { appServerArguments } from "../../container/runner/codex/settings.ts";
import { chat } from "../../src/tools/chat.ts";
import { AppServer, makeScratchDir } from "../support/app-server-driver.ts";
import type { DevServer } from "../support/dev-server.ts";
import { timed } from "./statistics.ts";

export interface TurnSamples {
  direct: { followUp: number[]; fresh: number[] };
  stack: { followUp: number[]; fresh: number[] };
}

const WARM_UP = 3;

export async function benchTurns(modelUrl: string, server: DevServer, rounds: number): Promise<TurnSamples> {
  const direct = await directCodex(modelUrl);
  const stack = await wholeStack(server);
  const samples: TurnSamples = { direct: { followUp: [], fresh: [] }, stack: { followUp: [], fresh: [] } };
  try {
    for (let round = -WARM_UP; round < rounds; round++) {
      const times = {
        directFollowUp: await timed(() => direct.followUp(`follow-up ${round}`)),
        stackFollowUp: await timed(() => stack.say("follow-up", { message: `follow-up ${round}` })),
        directFresh: await timed(() => direct.fresh(`new ${round}`)),
        stackFresh: await timed(() => stack.say("new", { message: `new ${round}`, conversation_id: "new" })),
      };
      if (round < 0) continue;
      samples.direct.followUp.push(times.directFollowUp);
      samples.stack.followUp.push(times.stackFollowUp);
      samples.direct.fresh.push(times.directFresh);
      samples.stack.fresh.push(times.stackFresh);
    }
  } finally {
    await direct.close();
    await stack.close();
  }
  return samples;
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

async function wholeStack({ url, token }: DevServer) {
  const client = new Client({ name: "bench", version: "1" });
  const headers = { authorization: `Bearer ${token}` };
  // The SDK's transport type and its class disagree under exactOptionalPropertyTypes.
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } });
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  return {
    say: async (agent: string, parameters: Record<string, unknown>): Promise<void> => {
      const result = await client.callTool({ name: "chat", arguments: { agent_id: `bench-${agent}`, ...parameters } });
      const { status } = result.structuredContent as { status: string }; // the envelope
      if (status !== "completed") throw new Error(`the turn ended as ${status}: ${JSON.stringify(result.content)}`);
    },
    close: () => client.close(),
  };
}
