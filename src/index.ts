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
import { handleEgress } from "./runtime/egress.ts";

const logOf = (env: Cloudflare.Env, part: string) => createLogger(console.log, readConfig(env).LOG_LEVEL, { part });

// Both are assigned after the class: a static field would shadow the accessor of the base class. Without a prototype: the class
// looks up whatever host a container names, "constructor" as well.
CodexAgent.outboundByHost = Object.assign(Object.create(null), {
  "model.internal": (request: Request, env: Cloudflare.Env, { containerId }: { containerId: string }) =>
    handleModelRequest(request, env, containerId),
});
CodexAgent.outbound = (request: Request, env: Cloudflare.Env, { containerId }: { containerId: string }) => {
  const agent = env.CODEX_AGENT.get(env.CODEX_AGENT.idFromString(containerId));
  return handleEgress(request, (destination) => agent.judgeEgress(destination), logOf(env, "egress"));
};

export { CodexAgent, ContainerProxy, Directory, Fleet, McpSession, SseSession };
export default {
  fetch: app.fetch,
  scheduled: (_event, env) => purgeExpired(env, logOf(env, "worker")),
} satisfies ExportedHandler<Cloudflare.Env>;
