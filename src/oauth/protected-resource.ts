// A resource that asks for a token, and says where to get one. The protocol is the library's.
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#protected-resource-metadata-discovery-requirements
import { OAuthResourceServer } from "@cloudflare/workers-oauth-provider";
import type { Logger } from "../../container/lib/log.ts";
import { BASELINE_SCOPES } from "../lib/scopes.ts";
import type { AuthorizationServer, ResourcePath } from "./authorization-server.ts";
import { type Caller, callerOf } from "./caller.ts";

export const RESOURCE_METADATA_ROUTE = "/.well-known/oauth-protected-resource/*";

export interface ResourceOptions {
  origin: string;
  path: ResourcePath;
  /** The host name under which the request came. */
  hostname: string;
  env: Cloudflare.Env;
  server: AuthorizationServer;
  log: Logger;
}

/** Serves the resource's metadata, refuses calls without a good token, and hands all others to `serve`. Uses up `request`. */
export async function serveResource(
  request: Request,
  options: ResourceOptions,
  serve: (caller: Caller, request: Request) => Promise<Response>,
): Promise<Response> {
  const { origin, path, env, log } = options;
  let caller: Caller | null = null;
  const host = new OAuthResourceServer<Cloudflare.Env>({
    resourceMetadata: {
      resource: `${origin}${path}`,
      authorization_servers: [origin],
      resource_name: "Persistent Codex",
    },
    requiredScopes: [...BASELINE_SCOPES],
    validateToken: () => async (resource, token) => {
      caller = await callerOf(token, { ...options, resource }).catch((error: unknown) => {
        log.error("token check failed", { error });
        throw error;
      });
      return caller && toValidation(caller, resource);
    },
    handler: { fetch: (admitted) => serve(known(caller), admitted) },
  });
  // The library only notes on it what it has found out, for handlers of another kind than ours.
  const context = {} as ExecutionContext;
  return withExplanation(await host.fetch(request, env, context));
}

function toValidation({ user_id, client_id, scopes, expires_at }: Caller, resource: string) {
  const expiry = expires_at === undefined ? {} : { expiresAt: expires_at };
  return { props: {}, audience: resource, scope: [...scopes], userId: user_id, clientId: client_id, ...expiry };
}

function known(caller: Caller | null): Caller {
  if (caller === null) throw new Error("a resource was served without a caller");
  return caller;
}

/** For people: the library's refusals have no body. */
function withExplanation(response: Response): Response {
  if (response.body !== null || (response.status !== 401 && response.status !== 503)) return response;
  const body =
    response.status === 401
      ? { error: "unauthorized", message: "Send a valid bearer token." }
      : { error: "internal", message: "The token could not be checked. Try again." };
  return Response.json(body, response);
}
