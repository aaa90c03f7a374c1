// Entry of the Worker: the routes, the Durable Object classes, the daily clean-up, and what a container may reach.
import { ContainerProxy } from "@cloudflare/containers";
import { createLogger } from "../container/lib/log.ts";
import { CodexAgent } from "./agent/codex-agent.ts";
import { app } from "./app.ts";
import { readConfig } from "./config.ts";
import { Directory } from "./fleet/directory.ts";
import { Fleet } from "./fleet/fleet.ts";
import { handleModelRequest } from "./gateway/gateway.ts";
import { McpSession } from "./mcp/session.ts";
import { SseSession } from "./mcp/sse-session.ts";
import { purgeExpired } from "./oauth/cleanup.ts";

// Assigned after the class: a static field would shadow the accessor of the base class.
CodexAgent.outboundByHost = {
  "model.internal": (request: Request, env: Cloudflare.Env, { containerId }: { containerId: string }) =>
    handleModelRequest(request, env, containerId),
};

export { CodexAgent, ContainerProxy, Directory, Fleet, McpSession, SseSession };
export default {
  fetch: app.fetch,
  scheduled: (_event, env) =>
    purgeExpired(env, createLogger(console.log, readConfig(env).LOG_LEVEL, { part: "worker" })),
} satisfies ExportedHandler<Cloudflare.Env>;
