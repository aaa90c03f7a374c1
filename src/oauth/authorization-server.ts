// Who gives out tokens: the OAuth 2.1 authorization server of this deployment. The protocol is the library's; this file holds
// what it offers, how long things live, and who is still welcome.
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
import { OAuthAuthorizationServer, OAuthError } from "@cloudflare/workers-oauth-provider";
import type { Logger } from "../../container/lib/log.ts";
import { SCOPES } from "../lib/scopes.ts";
import { isWelcome } from "./grant-props.ts";

const AUTHORIZE_ROUTE = "/authorize";
const TOKEN_ROUTE = "/oauth/token";
export const REGISTER_ROUTE = "/oauth/register";
/** What the library serves itself: all but the pages that people see. */
export const SERVER_ROUTES = ["/.well-known/oauth-authorization-server", TOKEN_ROUTE, REGISTER_ROUTE] as const;

/** One resource for each transport: a client takes the URL that it was given for the resource's name. */
export const RESOURCES = ["/mcp", "/sse"] as const;
export type ResourcePath = (typeof RESOURCES)[number];

const HOUR = 3_600;
const DAY = 24 * HOUR;

export type AuthorizationServer = OAuthAuthorizationServer<Cloudflare.Env>;

/** All instances share the same storage; tokens are bound to the origin that they were given out under. */
export function authorizationServer(origin: string, env: Cloudflare.Env, log: Logger): AuthorizationServer {
  return new OAuthAuthorizationServer<Cloudflare.Env>({
    issuer: origin,
    resources: RESOURCES.map((path) => `${origin}${path}`),
    defaultResource: `${origin}${RESOURCES[0]}`,
    authorizeEndpoint: AUTHORIZE_ROUTE,
    tokenEndpoint: TOKEN_ROUTE,
    clientRegistrationEndpoint: REGISTER_ROUTE,
    clientIdMetadataDocumentEnabled: true,
    scopesSupported: [...SCOPES],
    accessTokenTTL: HOUR,
    // Slides: whoever uses a client once a month never signs in again.
    refreshTokenTTL: 30 * DAY,
    refreshTokenIdleTTL: 30 * DAY,
    clientRegistrationTTL: 90 * DAY,
    tokenExchangeCallback: async ({ props }) => {
      if (await isWelcome(props, env)) return;
      throw new OAuthError("invalid_grant", { description: "This user may no longer sign in." });
    },
    onError: ({ code, status, internal }) => {
      log.warn("OAuth request refused", { code, status, category: internal?.category, reason: internal?.reason });
    },
  });
}
