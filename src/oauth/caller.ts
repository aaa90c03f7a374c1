// Who is calling: the user behind a bearer token, and what the token may do.
import { readConfig } from "../config.ts";
import { signingKey } from "../fleet/fleet-of.ts";
import { OWNER_ID } from "../lib/account.ts";
import { equalsInConstantTime } from "../lib/constant-time.ts";
import { readHandle } from "../lib/handle.ts";
import { isLoopback } from "../lib/loopback.ts";
import { SCOPES, type Scope, Scope as ScopeSchema } from "../lib/scopes.ts";
import { isAllowed } from "../signin/allowed-users.ts";
import type { AuthorizationServer } from "./authorization-server.ts";
import { isWelcome } from "./grant-props.ts";

export interface Caller {
  /** Namespace of all that the caller owns. Never holds `/`, which separates it from an agent's name. */
  user_id: string;
  client_id: string;
  scopes: readonly Scope[];
  /** Unix time in seconds. */
  expires_at?: number;
}

export interface TokenQuestion {
  /** The URL that the token must be for. */
  resource: string;
  /** The host name under which the request came. */
  hostname: string;
  env: Cloudflare.Env;
  server: AuthorizationServer;
}

/** Null for a token that is unknown, expired, revoked, for another resource, or of somebody who may no longer sign in. */
export async function callerOf(token: string, question: TokenQuestion): Promise<Caller | null> {
  if (await isDevToken(token, question)) return { user_id: OWNER_ID, client_id: "dev", scopes: SCOPES };
  if (token.startsWith("pcx_")) return ofPersonalAccessToken(token, question.env);
  return ofGrant(token, question);
}

/** A deployment is never reached under a loopback name, so there the dev token is worth nothing even if it is set. */
export function hasDevToken(hostname: string, env: Cloudflare.Env): boolean {
  return readConfig(env).DEV_TOKEN !== undefined && isLoopback(hostname);
}

async function isDevToken(token: string, { hostname, env }: TokenQuestion): Promise<boolean> {
  const { DEV_TOKEN } = readConfig(env);
  return DEV_TOKEN !== undefined && hasDevToken(hostname, env) && (await equalsInConstantTime(token, DEV_TOKEN));
}

/** It is good for every resource: it was made by hand, for this server and no other. */
async function ofPersonalAccessToken(text: string, env: Cloudflare.Env): Promise<Caller | null> {
  const handle = await readHandle(await signingKey(env.FLEET), "pcx_pat", text);
  if (handle === null) return null;
  const found = await env.DIRECTORY.getByName(handle.userId).useToken(handle.id, handle.secret);
  if (found === null || !isAllowed(found.account, readConfig(env))) return null;
  const { id, scopes, expires_at } = found.token;
  return { user_id: handle.userId, client_id: `pat:${id}`, scopes, expires_at: Math.floor(expires_at / 1000) };
}

async function ofGrant(token: string, { resource, env, server }: TokenQuestion): Promise<Caller | null> {
  const found = await server.validateToken(resource, token, env);
  if (found === null || !(await isWelcome(found.props, env))) return null;
  const scopes = found.scope.flatMap((scope) => ScopeSchema.safeParse(scope).data ?? []);
  return { user_id: found.userId, client_id: found.clientId, scopes, expires_at: found.expiresAt };
}
