// Serves the fixtures that the MCP conformance suite calls, through the transports of src/mcp. The suite cannot send a token, so
// every request is the same caller's.
import type { McpServer } from "@modelcontextprotocol/server";
import { foreignRequestProblem } from "../../../src/lib/foreign-request.ts";
import type { Identity } from "../../../src/mcp/identity.ts";
import { McpSession } from "../../../src/mcp/session.ts";
import type { SessionBindings } from "../../../src/mcp/session-stubs.ts";
import { SseSession } from "../../../src/mcp/sse-session.ts";
import { createStatelessHandler, handleMcp } from "../../../src/mcp/transport.ts";
import { createFixtureServer } from "./fixtures/server.ts";

const CALLER: Identity = {
  userId: "suite",
  clientId: "suite",
  scopes: [],
  origin: "http://localhost",
  correlationId: "req_suite",
};
const HOSTS = { ALLOWED_HOSTS: ["localhost"], ALLOWED_ORIGINS: [] };

// One for all requests: those who subscribe are told of what other requests change.
const stateless = createStatelessHandler(createServer, (error) => console.error(error));

function createServer(): McpServer {
  return createFixtureServer({
    toolsChanged: () => stateless.notify.toolsChanged(),
    promptsChanged: () => stateless.notify.promptsChanged(),
  });
}

export class ConformanceSession extends McpSession {
  protected override createServer(): McpServer {
    return createServer();
  }
}

export class ConformanceSseSession extends SseSession {
  protected override createServer(): McpServer {
    return createServer();
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const problem = foreignRequestProblem(request, HOSTS);
    if (problem !== undefined) return new Response(problem, { status: 403 });
    return handleMcp(request, { sessions: env, identity: CALLER, stateless });
  },
} satisfies ExportedHandler<SessionBindings>;
