// MCP requests in the name of any user, straight into the router: tokens are somebody else's matter.
import { env } from "cloudflare:workers";
import { Client, StreamableHTTPClientTransport, type VersionNegotiationMode } from "@modelcontextprotocol/client";
import { SCOPES } from "../../../src/lib/scopes.ts";
import { createServer } from "../../../src/mcp/server.ts";
import { createStatelessHandler, handleMcp } from "../../../src/mcp/transport.ts";

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export function fetchAs(userId: string, scopes: readonly string[] = SCOPES): Fetch {
  const identity = { userId, clientId: "client", scopes, origin: "https://codex.example", correlationId: "req_test" };
  return async (url, init) => {
    const stateless = createStatelessHandler(() => createServer(env, userId), console.error);
    return handleMcp(new Request(url, init), { sessions: env, identity, stateless });
  };
}

export async function connectAs(
  userId: string,
  mode: VersionNegotiationMode,
  scopes: readonly string[] = SCOPES,
): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL("https://codex.example/mcp"), {
    fetch: fetchAs(userId, scopes),
  });
  await client.connect(transport);
  return client;
}
