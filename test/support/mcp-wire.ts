// MCP as it goes over the wire, for what the official clients do not know.

export type McpFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

interface WireAnswer {
  status: number;
  headers: Headers;
  result?: Record<string, unknown>;
  error?: Record<string, unknown>;
}

/** One request of revision 2026-07-28 as it goes over the wire. */
export async function request2026(
  fetch: McpFetch,
  method: string,
  params: Record<string, unknown>,
  capabilities: Record<string, unknown> = {},
): Promise<WireAnswer> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  const response = await fetch("https://codex.example/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      "mcp-name": String(params.name ?? params.taskId ?? ""),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
  const text = await response.text();
  const { status, headers } = response;
  return {
    status,
    headers,
    ...JSON.parse(text.startsWith("{") ? text : (/^data: (\{.*"id".*\})$/m.exec(text)?.[1] ?? "{}")),
  };
}
