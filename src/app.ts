// The Worker's routes, as a table.
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { createLogger } from "../container/lib/log.ts";
import { type Config, readConfig } from "./config.ts";
import { AppError, statusOf } from "./errors.ts";
import { handleModelRequest } from "./gateway/gateway.ts";
import { foreignRequestProblem } from "./lib/foreign-request.ts";
import { newId } from "./lib/ids.ts";
import { markRequest } from "./lib/isolate-age.ts";
import { createServer } from "./mcp/server.ts";
import { createStatelessHandler, handleMcp, MCP_ROUTE, SSE_MESSAGE_ROUTE, SSE_ROUTE } from "./mcp/transport.ts";
import { identifyCaller } from "./oauth/caller.ts";
import { handleToolRequest, REST_ROUTE } from "./rest/routes.ts";
import { VERSION } from "./version.ts";

interface AppEnv {
  Bindings: Cloudflare.Env;
  Variables: { config: Config; correlationId: string };
}

const CORRELATION_ID = /^[\w.-]{8,64}$/;

export const app = new Hono<AppEnv>();

app.use(async (c, next) => {
  markRequest();
  c.set("config", readConfig(c.env));
  const given = c.req.header("x-correlation-id") ?? "";
  c.set("correlationId", CORRELATION_ID.test(given) ? given : newId("req"));
  await next();
});

app.use(async (c, next) => {
  const problem = foreignRequestProblem(c.req.raw, c.get("config"));
  if (problem !== undefined) throw new AppError("forbidden", problem);
  await next();
});

app.get("/health", (c) => c.json({ status: "ok", version: VERSION, timestamp: new Date().toISOString() }));

app.all("/model/*", (c) => {
  // Containers reach the gateway inside the platform; only a process host's runners come by this route.
  if (c.get("config").PROCESS_HOST_URL === undefined) return c.notFound();
  return handleModelRequest(c.req.raw, c.env);
});

for (const route of [MCP_ROUTE, SSE_ROUTE, SSE_MESSAGE_ROUTE]) {
  // Foreign origins have been refused. Tokens come in a header, so there are no cookies to share.
  app.use(
    route,
    cors({ origin: (origin) => origin, exposeHeaders: ["mcp-session-id", "www-authenticate"], maxAge: 86_400 }),
  );
  app.all(route, async (c) => {
    const config = c.get("config");
    const caller = await identifyCaller(c.req.raw, config);
    if (caller === null) return unauthorized(c);
    const correlationId = c.get("correlationId");
    const log = createLogger(console.log, config.LOG_LEVEL, { part: "worker", correlation_id: correlationId });
    const identity = { userId: caller.user_id, clientId: caller.client_id, scopes: caller.scopes, correlationId };
    const stateless = createStatelessHandler(
      () => createServer(c.env, identity.userId),
      (error) => log.warn("MCP request failed", { error }),
    );
    return handleMcp(c.req.raw, { sessions: c.env, identity, stateless });
  });
}

app.all(REST_ROUTE, async (c) => {
  const config = c.get("config");
  const caller = await identifyCaller(c.req.raw, config);
  if (caller === null) return unauthorized(c);
  const correlationId = c.get("correlationId");
  const log = createLogger(console.log, config.LOG_LEVEL, { part: "worker", correlation_id: correlationId });
  const identity = { userId: caller.user_id, clientId: caller.client_id, scopes: caller.scopes };
  const objects = { agents: c.env.CODEX_AGENT, directories: c.env.DIRECTORY, turnRate: c.env.TURN_RATE };
  const base = { ...identity, ...objects, config, correlationId, log };
  return handleToolRequest(c.req.raw, base, (work) => c.executionCtx.waitUntil(work));
});

app.notFound((c) => c.json({ error: "not_found", message: "No such route. The MCP endpoint is /mcp." }, 404));

function unauthorized(c: Context<AppEnv>): Response {
  c.header("www-authenticate", 'Bearer realm="persistent-codex"');
  return c.json({ error: "unauthorized", message: "Send a valid bearer token." }, 401);
}

app.onError((error, c) => {
  const log = createLogger(console.log, "INFO", { part: "worker", correlation_id: c.get("correlationId") });
  if (error instanceof AppError) {
    log.warn("request refused", { error });
    return Response.json({ error: error.code, message: error.message }, { status: statusOf(error.code) });
  }
  log.error("request failed", { error });
  return c.json({ error: "internal", message: "The server failed. The log has the details." }, 500);
});
