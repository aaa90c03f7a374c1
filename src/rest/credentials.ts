// A caller's own Codex credentials over HTTP, for `npm run login` and other programs. No answer holds a secret.
//
//   GET    /                      how they stand                     POST /chatgpt              an auth.json
//   POST   /api-key               {"api_key": "sk-…"}                POST /chatgpt/device       starts a device login
//   DELETE /chatgpt, /api-key                                        POST /chatgpt/device/poll  how it stands
import { type Context, Hono } from "hono";
import * as z from "zod";
import { AppError, isRetryable, type Outcome, statusOf, unwrap } from "../errors.ts";
import type { Directory } from "../fleet/directory.ts";
import { readParameters } from "./body.ts";

export const CREDENTIALS_ROUTE = "/account/credentials";

export interface CredentialCaller {
  user_id: string;
  scopes: readonly string[];
}

interface RouteEnv {
  Bindings: Cloudflare.Env;
  Variables: { directory: DurableObjectStub<Directory> };
}

/** To look takes another scope than to change. */
const SCOPE = { look: "codex:read", change: "codex:admin" } as const;

const ApiKeyBody = z.strictObject({ api_key: z.string() });

/** To be mounted at {@link CREDENTIALS_ROUTE}. `identify` resolves to the caller, or the refusal. */
export function credentialRoutes(
  identify: (c: Context<RouteEnv>) => Promise<CredentialCaller | Response>,
): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>();
  routes.onError(toFailure);
  routes.use(async (c, next) => {
    const caller = await identify(c);
    if (caller instanceof Response) return caller;
    const scope = c.req.method === "GET" ? SCOPE.look : SCOPE.change;
    if (!caller.scopes.includes(scope)) {
      const message = `This needs a token with the scope ${scope}.`;
      return refuse(c, new AppError("forbidden", message), `error="insufficient_scope", scope="${scope}"`);
    }
    c.set("directory", c.env.DIRECTORY.getByName(caller.user_id));
    return next();
  });
  routes.get("/", async (c) => answer(c, await c.get("directory").credentialStatus()));
  routes.post("/chatgpt", async (c) => {
    const saved = await c.get("directory").saveChatGptLogin(await readParameters(c.req.raw));
    return answer(c, saved.ok ? await c.get("directory").credentialStatus() : saved);
  });
  routes.post("/api-key", async (c) => {
    const body = ApiKeyBody.safeParse(await readParameters(c.req.raw));
    if (!body.success) throw new AppError("invalid_input", 'Send {"api_key": "sk-…"}.');
    const saved = await c.get("directory").saveApiKey(body.data.api_key);
    return answer(c, saved.ok ? await c.get("directory").credentialStatus() : saved);
  });
  routes.post("/chatgpt/device", async (c) => answer(c, await c.get("directory").startDeviceLogin()));
  routes.post("/chatgpt/device/poll", async (c) => answer(c, await c.get("directory").pollDeviceLogin()));
  for (const [path, method] of [
    ["/chatgpt", "oauth"],
    ["/api-key", "api_key"],
  ] as const) {
    routes.delete(path, async (c) => {
      unwrap(await c.get("directory").removeCredential(method));
      return answer(c, await c.get("directory").credentialStatus());
    });
  }
  return routes;
}

function answer(c: Context<RouteEnv>, outcome: Outcome<unknown>): Response {
  c.header("cache-control", "no-store");
  return Response.json(unwrap(outcome), { headers: c.res.headers });
}

function refuse(c: Context<RouteEnv>, error: AppError, challenge: string): Response {
  c.header("www-authenticate", `Bearer ${challenge}`);
  return toFailure(error, c);
}

function toFailure(error: Error, c: Context<RouteEnv>): Response {
  if (!(error instanceof AppError)) throw error;
  const { code, message } = error;
  c.header("cache-control", "no-store");
  const body = { status: "failed", error: { code, message, retryable: isRetryable(code) } };
  return Response.json(body, { status: statusOf(code), headers: c.res.headers });
}
