// What the pages need of the Worker; the app provides it.
import type { OAuthAuthorizationServer, OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import type { Context } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Logger } from "../../container/lib/log.ts";
import type { Config } from "../config.ts";
import type { BrowserSession } from "../signin/browser-session.ts";

export interface DashboardEnv {
  Bindings: Cloudflare.Env;
  Variables: {
    config: Config;
    log: Logger;
    /** Where browsers reach this server. */
    origin: string;
    server: OAuthAuthorizationServer<Cloudflare.Env>;
  };
}

/** Where somebody is known to be signed in. */
export interface SignedInEnv extends DashboardEnv {
  Variables: DashboardEnv["Variables"] & { session: BrowserSession };
}

export function oauthOf(c: Context): OAuthHelpers {
  const server: DashboardEnv["Variables"]["server"] = c.get("server");
  return server.getOAuthApi(c.env);
}

/** Everything that a page shows is escaped by the JSX runtime; no page uses raw HTML. */
export async function render(
  c: Context,
  page: JSX.Element,
  status: 200 | 400 | 401 | 403 | 404 | 409 | 429 | 500 | 503 = 200,
) {
  return c.html(`<!doctype html>${await page.toString()}`, status);
}
