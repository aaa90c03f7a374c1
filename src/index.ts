// Entry of the Worker: the routes, the Durable Object classes, and what a container may reach.
import { ContainerProxy } from "@cloudflare/containers";
import { CodexAgent } from "./agent/codex-agent.ts";
import { app } from "./app.ts";
import { Directory } from "./fleet/directory.ts";
import { Fleet } from "./fleet/fleet.ts";
import { handleModelRequest } from "./gateway/gateway.ts";
import { McpSession } from "./mcp/session.ts";
import { SseSession } from "./mcp/sse-session.ts";

// Assigned after the class: a static field would shadow the accessor of the base class.
CodexAgent.outboundByHost = {
  "model.internal": (request: Request, env: Cloudflare.Env, { containerId }: { containerId: string }) =>
    handleModelRequest(request, env, containerId),
};

export { CodexAgent, ContainerProxy, Directory, Fleet, McpSession, SseSession };
export default app;
