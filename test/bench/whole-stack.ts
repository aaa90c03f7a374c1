// The whole stack as an MCP client sees it.
import * as v2 from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { DevServer } from "../support/dev-server.ts";
import type { Side } from "./side.ts";

export interface Stack {
  call(name: string, parameters: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Resolves to the answer, as JSON. Rejects where the turn did not complete. */
  say(agentId: string, parameters: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

type Caller = (name: string, parameters: Record<string, unknown>) => Promise<{ structuredContent?: unknown }>;

const NAME = { name: "bench", version: "1" };

/** A client of revision 2026-07-28, which has no sessions, or one of 2025-11-25 in its session. */
export async function wholeStack(server: DevServer, revision: "2026-07-28" | "2025-11-25"): Promise<Stack> {
  const { call, close } = await (revision === "2026-07-28" ? connectModern(server) : connectSession(server));
  const stack: Stack = {
    call: async (name, parameters) => {
      const { structuredContent } = await call(name, parameters);
      return structuredContent as Record<string, unknown>; // every tool answers with an object
    },
    say: async (agent_id, parameters) => {
      const envelope = await stack.call("chat", { agent_id, ...parameters });
      if (envelope.status !== "completed") throw new Error(`the turn did not complete: ${JSON.stringify(envelope)}`);
      return JSON.stringify(envelope.result);
    },
    close,
  };
  return stack;
}

export function stackSide({ say, close }: Stack, name: string): Side {
  return {
    hasSchema: true,
    followUp: (message) => say(`${name}-follow-up`, { message }),
    fresh: (message) => say(`${name}-new`, { message, conversation_id: "new" }),
    close,
  };
}

async function connectModern({ url, token }: DevServer): Promise<{ call: Caller; close(): Promise<void> }> {
  const client = new v2.Client(NAME, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new v2.StreamableHTTPClientTransport(new URL(`${url}/mcp`), withToken(token)));
  return { call: (name, parameters) => client.callTool({ name, arguments: parameters }), close: () => client.close() };
}

async function connectSession({ url, token }: DevServer): Promise<{ call: Caller; close(): Promise<void> }> {
  const client = new Client(NAME);
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), withToken(token));
  // The SDK's transport type and its class disagree under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  const call: Caller = async (name, parameters) => {
    const { structuredContent } = await client.callTool({ name, arguments: parameters });
    return { structuredContent };
  };
  return { call, close: () => client.close() };
}

function withToken(token: string) {
  return { requestInit: { headers: { authorization: `Bearer ${token}` } } };
}
