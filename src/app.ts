// The Worker's routes, as a table.
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { createLogger, type Logger } from "../container/lib/log.ts";
import { type Config, readConfig } from "./config.ts";
import { dashboard } from "./dashboard/routes.tsx";
import { AppError, statusOf } from "./errors.ts";
import { handleModelRequest } from "./gateway/gateway.ts";
import { foreignRequestProblem } from "./lib/foreign-request.ts";
import { newId } from "./lib/ids.ts";
import { markRequest } from "./lib/isolate-age.ts";
import { publicOrigin, requestAt, secureUrlOf } from "./lib/public-origin.ts";
import { createServer } from "./mcp/server.ts";
import { createStatelessHandler, handleMcp, MCP_ROUTE, SSE_MESSAGE_ROUTE, SSE_ROUTE } from "./mcp/transport.ts";
import {
  type AuthorizationServer,
  authorizationServer,
  REGISTER_ROUTE,
  type ResourcePath,
  SERVER_ROUTES,
} from "./oauth/authorization-server.ts";
import { type Caller, hasDevToken } from "./oauth/caller.ts";
import { RESOURCE_METADATA_ROUTE, type ResourceOptions, serveResource } from "./oauth/protected-resource.ts";
import { identifyRestCaller } from "./oauth/rest-caller.ts";
import { ARCHIVE_ROUTE, handleArchiveRequest } from "./rest/archive.ts";
import { CREDENTIALS_ROUTE, credentialRoutes } from "./rest/credentials.ts";
import { type CallBase, handleToolRequest, REST_ROUTE } from "./rest/routes.ts";
import { hasSignInMethod, NO_METHOD } from "./signin/methods.ts";
import { admitAttempt, TooManyAttempts } from "./signin/throttle.ts";
import { VERSION } from "./version.ts";

interface AppEnv {
  Bindings: Cloudflare.Env;
  Variables: { config: Config; correlationId: string; log: Logger; origin: string; server: AuthorizationServer };
}

/** Who a client is, where it may be sent back to: some 2 kB. What is registered stays for months, whoever it was. */
const MAX_REGISTRATION_BYTES = 16 * 1024;
const CORRELATION_ID = /^[\w.-]{8,64}$/;

export const app = new Hono<AppEnv>();

app.use(async (c, next) => {
  markRequest();
  const config = readConfig(c.env);
  c.set("config", config);
  const given = c.req.header("x-correlation-id") ?? "";
  const correlationId = CORRELATION_ID.test(given) ? given : newId("req");
  c.set("correlationId", correlationId);
  c.set("log", createLogger(console.log, config.LOG_LEVEL, { part: "worker", correlation_id: correlationId }));
  await next();
});

app.use(async (c, next) => {
  const config = c.get("config");
  const problem = foreignRequestProblem(c.req.raw, config);
  if (problem !== undefined) throw new AppError("forbidden", problem);
  if (!hasSignInMethod(config) && !hasDevToken(hostnameOf(c), c.env)) throw new AppError("misconfigured", NO_METHOD);
  const secureUrl = secureUrlOf(c.req.raw, config);
  if (secureUrl !== undefined) return c.redirect(secureUrl, 308);
  c.set("origin", publicOrigin(c.req.raw, config));
  await next();
  return;
});

app.get("/health", (c) => c.json({ status: "ok", version: VERSION, timestamp: new Date().toISOString() }));

app.all("/model/*", (c) => {
  // Containers reach the gateway inside the platform; only a process host's runners come by this route.
  if (c.get("config").PROCESS_HOST_URL === undefined) return c.notFound();
  return handleModelRequest(c.req.raw, c.env);
});

for (const [route, resource] of [
  [MCP_ROUTE, MCP_ROUTE],
  [SSE_ROUTE, SSE_ROUTE],
  [SSE_MESSAGE_ROUTE, SSE_ROUTE],
] as const) {
  // Foreign origins have been refused. Tokens come in a header, so there are no cookies to share.
  app.use(
    route,
    cors({ origin: (origin) => origin, exposeHeaders: ["mcp-session-id", "www-authenticate"], maxAge: 86_400 }),
  );
  app.all(route, (c) =>
    serveResource(requestAt(c.get("origin"), c.req.raw), resourceOf(c, resource), (caller, request) =>
      serveMcp(c, caller, request),
    ),
  );
}

app.all(RESOURCE_METADATA_ROUTE, (c) => {
  const resource = c.req.path.endsWith(SSE_ROUTE) ? SSE_ROUTE : MCP_ROUTE;
  const options = resourceOf(c, resource);
  return serveResource(requestAt(c.get("origin"), c.req.raw), options, async () => c.notFound());
});

for (const [route, handle] of [
  [REST_ROUTE, handleToolRequest],
  [ARCHIVE_ROUTE, handleArchiveRequest],
] as const) {
  app.all(route, async (c) => {
    const caller = await identifyRestCaller(c.req.raw, resourceOf(c, MCP_ROUTE));
    if (caller instanceof Response) return caller;
    return handle(c.req.raw, callBaseOf(c, caller), (work) => c.executionCtx.waitUntil(work));
  });
}

app.route(
  CREDENTIALS_ROUTE,
  // Sub-apps get the same context, with all that the middleware above has put into it.
  credentialRoutes((c) => identifyRestCaller(c.req.raw, resourceOf(c as unknown as Context<AppEnv>, MCP_ROUTE))),
);

app.post(
  REGISTER_ROUTE,
  bodyLimit({ maxSize: MAX_REGISTRATION_BYTES, onError: refuseRegistration }),
  async (c, next) => {
    await admitAttempt(c.env.FLEET, "registration", c.req.raw);
    await next();
  },
);

for (const route of SERVER_ROUTES) {
  app.all(route, (c) => {
    const context = c.executionCtx as ExecutionContext; // Hono's own type for it lacks what is new in it
    return serverOf(c).fetch(requestAt(c.get("origin"), c.req.raw), c.env, context);
  });
}

app.use(async (c, next) => {
  c.set("server", serverOf(c));
  await next();
});
app.route("/", dashboard);

app.notFound((c) => c.json({ error: "not_found", message: "No such route. The MCP endpoint is /mcp." }, 404));

app.onError((error, c) => {
  const log = createLogger(console.log, "INFO", { part: "worker", correlation_id: c.get("correlationId") });
  if (error instanceof AppError) {
    log.warn("request refused", { error });
    if (error instanceof TooManyAttempts) c.header("retry-after", String(error.retryAfterSeconds));
    return c.json({ error: error.code, message: error.message }, { status: statusOf(error.code) as 400 });
  }
  log.error("request failed", { error });
  return c.json({ error: "internal", message: "The server failed. The log has the details." }, 500);
});

function refuseRegistration(): never {
  throw new AppError("payload_too_large", `A registration must not exceed ${MAX_REGISTRATION_BYTES} bytes.`);
}

function serveMcp(c: Context<AppEnv>, caller: Caller, request: Request): Promise<Response> {
  const identity = {
    userId: caller.user_id,
    clientId: caller.client_id,
    scopes: caller.scopes,
    origin: c.get("origin"),
    correlationId: c.get("correlationId"),
  };
  const stateless = createStatelessHandler(
    () => createServer(c.env, identity.userId),
    (error) => c.get("log").warn("MCP request failed", { error }),
  );
  return handleMcp(request, { sessions: c.env, identity, stateless });
}

function callBaseOf(c: Context<AppEnv>, caller: Caller): CallBase {
  const [config, correlationId, log] = [c.get("config"), c.get("correlationId"), c.get("log")];
  const who = { userId: caller.user_id, clientId: caller.client_id, scopes: caller.scopes };
  const identity = { ...who, origin: c.get("origin") };
  const objects = { agents: c.env.CODEX_AGENT, directories: c.env.DIRECTORY, turnRate: c.env.TURN_RATE };
  return { ...identity, ...objects, config, correlationId, log };
}

function resourceOf(c: Context<AppEnv>, path: ResourcePath): ResourceOptions {
  const { origin, log } = c.var;
  return { origin, path, hostname: hostnameOf(c), env: c.env, server: serverOf(c), log };
}

function serverOf(c: Context<AppEnv>): AuthorizationServer {
  return authorizationServer(c.get("origin"), c.env, c.get("log"));
}

function hostnameOf(c: Context<AppEnv>): string {
  return new URL(c.req.url).hostname;
}
