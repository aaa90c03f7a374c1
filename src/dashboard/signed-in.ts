// For pages that belong to somebody: whoever is not signed in is asked to, and then comes back.
import { createMiddleware } from "hono/factory";
import { AppError } from "../errors.ts";
import { currentSession } from "../signin/browser-session.ts";
import type { SignedInEnv } from "./context.ts";

export const signedIn = createMiddleware<SignedInEnv>(async (c, next) => {
  const session = await currentSession(c);
  if (session === null) {
    // What was in a form is lost, and must not be sent by anybody else's session.
    if (c.req.method !== "GET") throw new AppError("unauthorized", "You are signed out. Sign in, then send it again.");
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`/sign-in?return_to=${encodeURIComponent(`${pathname}${search}`)}`, 303);
  }
  c.set("session", session);
  await next();
  return;
});
