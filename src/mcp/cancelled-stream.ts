// A request that its client has cancelled gets no answer, and the SDK leaves the stream of the answer open, with keepalives, for
// as long as the client has it open. That would keep a Durable Object awake for nothing.
import type { JSONRPCMessage, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";

/** To be called once the transport is connected. */
export function closeStreamOfCancelled(transport: WebStandardStreamableHTTPServerTransport): void {
  const deliver = transport.onmessage;
  transport.onmessage = (message, extra) => {
    deliver?.(message, extra);
    const requestId = cancelledRequest(message);
    if (requestId !== undefined) transport.closeSSEStream(requestId);
  };
}

function cancelledRequest(message: JSONRPCMessage): string | number | undefined {
  if (!("method" in message) || message.method !== "notifications/cancelled") return undefined;
  const requestId = message.params?.requestId;
  return typeof requestId === "string" || typeof requestId === "number" ? requestId : undefined;
}
