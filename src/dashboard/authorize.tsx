// The authorization endpoint: signs the visitor in, asks for consent, and sends the browser back to the client with a code.
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
import { AuthorizationError, CimdFetchError } from "@cloudflare/workers-oauth-provider";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { requestAt } from "../lib/public-origin.ts";
import { BASELINE_SCOPES, Scope } from "../lib/scopes.ts";
import { type BrowserSession, currentSession } from "../signin/browser-session.ts";
import { ConsentPage } from "./consent-page.tsx";
import { type DashboardEnv, oauthOf, render } from "./context.ts";
import { MessagePage } from "./layout.tsx";
import { contentSecurityPolicy } from "./security-headers.ts";

const ConsentForm = z.object({
  handle: z.string(),
  /** Who saw the page: another tab may have signed somebody else in since. */
  user: z.string(),
  decision: z.enum(["approve", "deny"]),
  scope: z.union([z.array(Scope), Scope.transform((one) => [one])]).default([]),
});

export const authorize = new Hono<DashboardEnv>();

authorize.get("/authorize", async (c) => {
  const session = await currentSession(c);
  if (session === null) {
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`/sign-in?return_to=${encodeURIComponent(`${pathname}${search}`)}`, 303);
  }
  return withClientErrors(c, () => askForConsent(c, session));
});

authorize.post("/authorize", async (c) => {
  const session = await currentSession(c);
  const form = ConsentForm.safeParse(await c.req.parseBody({ all: true }));
  if (!form.success) throw new AppError("invalid_input", "This form is not complete. Go back and start again.");
  if (session?.userId !== form.data.user) {
    throw new AppError("forbidden", "You are no longer signed in as before. Start again from the app.");
  }
  return withClientErrors(c, () => decide(c, session, form.data));
});

async function askForConsent(c: Context<DashboardEnv>, { account, userId }: BrowserSession) {
  const oauth = oauthOf(c);
  // The library writes it to the log as it is. RFC 6749, appendix A.1: no control characters.
  if (/\p{Cc}/u.test(c.req.query("client_id") ?? "")) throw new AppError("invalid_input", "This is no client's id.");
  const request = await oauth.parseAuthRequest(requestAt(c.get("origin"), c.req.raw));
  // First: a lookup that fails leaves nothing behind.
  const client = await oauth.describeConsent(request);
  const { handle, headers } = await oauth.beginConsent(request);
  for (const [name, value] of headers) c.header(name, value, { append: name === "set-cookie" });
  c.header("content-security-policy", contentSecurityPolicy(request.redirectUri));
  const known = client.scope.filter((scope) => Scope.safeParse(scope).success);
  const scopes = known.length > 0 ? known : BASELINE_SCOPES;
  return render(c, <ConsentPage {...{ account, userId, client, scopes, handle }} />);
}

async function decide(c: Context<DashboardEnv>, session: BrowserSession, form: z.infer<typeof ConsentForm>) {
  const oauth = oauthOf(c);
  if (form.decision === "deny") {
    const { headers, redirectTo } = await oauth.denyConsent(c.req.raw, form.handle);
    return leave(headers, redirectTo);
  }
  if (form.scope.length === 0) throw new AppError("invalid_input", "Nothing was ticked. Go back and tick something.");
  const { request, headers } = await oauth.approveConsent(c.req.raw, form.handle, { scope: form.scope });
  const client = await oauth.describeConsent(request);
  const { redirectTo } = await oauth.completeAuthorization({
    request,
    userId: session.userId,
    scope: request.scope,
    // Not encrypted: for the list of connected clients.
    metadata: {
      client_name: client.clientName,
      client_domain: client.clientDomain,
      redirect_host: client.redirectHost,
    },
    props: { account: session.account },
    // Such a program has the same id on every machine: signing in on one must not sign the other out.
    revokeExistingGrants: client.clientDomain === undefined || !client.redirectIsLoopback,
  });
  c.get("log").info("client authorized", { client_id: request.clientId, scopes: request.scope });
  return leave(headers, redirectTo);
}

/** 303: a browser that repeated the POST there would send the client our form. */
function leave(headers: Headers, redirectTo: string): Response {
  headers.set("location", redirectTo);
  return new Response(null, { status: 303, headers });
}

/** An error goes back to the client only where the library has found the redirect to be the client's own. */
async function withClientErrors(c: Context<DashboardEnv>, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AuthorizationError && error.redirectTo !== undefined) return c.redirect(error.redirectTo, 303);
    const isKnown = error instanceof AuthorizationError || error instanceof CimdFetchError;
    if (!isKnown) throw error;
    c.get("log").warn("authorization request refused", { reason: isAuthorization(error) ? error.code : error.reason });
    const message = isAuthorization(error) ? error.description : "The app's own description could not be fetched.";
    return render(c, <MessagePage title="This app cannot be connected" message={message} />, 400);
  }
}

function isAuthorization(error: AuthorizationError | CimdFetchError): error is AuthorizationError {
  return error instanceof AuthorizationError;
}
