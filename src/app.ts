// The Worker's routes, as a table.
import { Hono } from "hono";
import { createLogger } from "../container/lib/log.ts";
import { type Config, readConfig } from "./config.ts";
import { AppError, statusOf } from "./errors.ts";
import { handleModelRequest } from "./gateway/gateway.ts";
import { newId } from "./lib/ids.ts";
import { handleMcp, MCP_ROUTE } from "./mcp/transport.ts";
import { identifyCaller } from "./oauth/caller.ts";
import { VERSION } from "./version.ts";

interface AppEnv {
  Bindings: Cloudflare.Env;
  Variables: { config: Config; correlationId: string };
}

const CORRELATION_ID = /^[\w.-]{8,64}$/;

export const app = new Hono<AppEnv>();

app.use(async (c, next) => {
  c.set("config", readConfig(c.env));
  const given = c.req.header("x-correlation-id") ?? "";
  c.set("correlationId", CORRELATION_ID.test(given) ? given : newId("req"));
  await next();
});

app.get("/health", (c) => c.json({ status: "ok", version: VERSION, timestamp: new Date().toISOString() }));

app.all("/model/*", (c) => {
  // Containers reach the gateway inside the platform; only a process host's runners come by this route.
  if (c.get("config").PROCESS_HOST_URL === undefined) return c.notFound();
  return handleModelRequest(c.req.raw, c.env);
});

app.all(MCP_ROUTE, async (c) => {
  const config = c.get("config");
  const caller = await identifyCaller(c.req.raw, config);
  if (caller === null) {
    c.header("www-authenticate", 'Bearer realm="persistent-codex"');
    return c.json({ error: "unauthorized", message: "Send a valid bearer token." }, 401);
  }
  const correlationId = c.get("correlationId");
  const log = createLogger(console.log, config.LOG_LEVEL, { part: "worker", correlation_id: correlationId });
  return handleMcp(c.req.raw, { userId: caller.user_id, config, agents: c.env.CODEX_AGENT, correlationId, log });
});

app.notFound((c) => c.json({ error: "not_found", message: "No such route. The MCP endpoint is /mcp." }, 404));

app.onError((error, c) => {
  const log = createLogger(console.log, "INFO", { part: "worker", correlation_id: c.get("correlationId") });
  if (error instanceof AppError) {
    log.warn("request refused", { error });
    return Response.json({ error: error.code, message: error.message }, { status: statusOf(error.code) });
  }
  log.error("request failed", { error });
  return c.json({ error: "internal", message: "The server failed. The log has the details." }, 500);
});
