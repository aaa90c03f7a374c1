// The MCP endpoint: one handler for the 2026-07-28 revision and for clients of 2025.
import { createMcpHandler } from "agents/mcp/server";
import type { CallContext } from "../tools/call-context.ts";
import { createServer } from "./server.ts";

export const MCP_ROUTE = "/mcp";

/** Above the longest parameter of a tool; a larger request is refused before it is read. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Streams every answer (`responseMode: "sse"`): a silent tool then still sends keepalives, and a client that leaves
 * is noticed.
 */
export function handleMcp(request: Request, base: Omit<CallContext, "signal" | "onProgress">): Promise<Response> {
  const handler = createMcpHandler(() => createServer(base), {
    route: MCP_ROUTE,
    responseMode: "sse",
    maxRequestBodySize: MAX_BODY_BYTES,
    onerror: (error) => base.log.warn("MCP request failed", { error }),
  });
  return handler.fetch(request);
}
