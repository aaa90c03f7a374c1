// What the client of a request has said that it can do. In the 2026-07-28 revision each request says it; before, `initialize` did.
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";

/** https://modelcontextprotocol.io/seps/2663-tasks-extension */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/** Revision 2026-07-28 or newer: the server cannot send requests, it asks in its results. */
export function isModern({ mcpReq }: ServerContext): boolean {
  return mcpReq.envelope !== undefined;
}

/** Whether it can put a form to its user. A bare `elicitation: {}` means forms, as before there were modes. */
export function canElicit(ctx: ServerContext, server: McpServer): boolean {
  const elicitation = capabilitiesOf(ctx, server)?.elicitation;
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

export function hasTasks(ctx: ServerContext): boolean {
  return declared(ctx)?.extensions?.[TASKS_EXTENSION] !== undefined;
}

/** None for a single request of an older revision without a session. */
function capabilitiesOf(ctx: ServerContext, server: McpServer): ClientCapabilities | undefined {
  return isModern(ctx) ? declared(ctx) : server.server.getClientCapabilities();
}

function declared({ mcpReq }: ServerContext): ClientCapabilities | undefined {
  const envelope: Partial<Record<string, unknown>> = { ...mcpReq.envelope };
  return envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined; // the SDK has checked the envelope
}
