// The whole stack as an MCP client sees it.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { DevServer } from "../support/dev-server.ts";

export type Stack = Awaited<ReturnType<typeof wholeStack>>;

export async function wholeStack({ url, token }: DevServer) {
  const client = new Client({ name: "bench", version: "1" });
  const headers = { authorization: `Bearer ${token}` };
  // The SDK's transport type and its class disagree under exactOptionalPropertyTypes.
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } });
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  const call = async (name: string, parameters: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const { structuredContent } = await client.callTool({ name, arguments: parameters });
    return structuredContent as Record<string, unknown>; // every tool answers with an object
  };
  return {
    call,
    say: async (agent_id: string, parameters: Record<string, unknown>): Promise<void> => {
      const { status, error } = await call("chat", { agent_id, ...parameters });
      if (status !== "completed") throw new Error(`the turn ended as ${status}: ${JSON.stringify(error)}`);
    },
    close: () => client.close(),
  };
}
