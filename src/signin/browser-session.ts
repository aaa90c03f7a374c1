// Who sits at the browser: a cookie whose secret the user's Directory knows by its hash.
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Config } from "../config.ts";
import { signingKey } from "../fleet/fleet-of.ts";
import { type Account, userIdOf } from "../lib/account.ts";
import { newHandle, readHandle, writeHandle } from "../lib/handle.ts";
import { isAllowed } from "./allowed-users.ts";
import { isOfPresentPassword } from "./owner-password.ts";

export interface BrowserSession {
  userId: string;
  /** Of this one session. */
  id: string;
  account: Account;
}

/** `__Host-`: no other host of the domain can set it. Browsers take Secure cookies from http://localhost too (Safari does not). */
const COOKIE = "__Host-session";
const LIFETIME_SECONDS = 7 * 86_400;

/** Null where nobody is signed in, or whoever it is may no longer be. */
export async function currentSession(c: Context): Promise<BrowserSession | null> {
  const text = getCookie(c, COOKIE);
  if (text === undefined) return null;
  const { env, config } = settingsOf(c);
  const key = await signingKey(env.FLEET);
  const handle = await readHandle(key, "pcx_session", text);
  if (handle === null) return null;
  const { userId, id, secret } = handle;
  const account = await env.DIRECTORY.getByName(userId).useSession(id, secret);
  if (account === null || !isAllowed(account, config)) return null;
  if (!(await isOfPresentPassword(account, key, config.OWNER_PASSWORD))) return null;
  return { userId, id, account };
}

/** The id of a session is always new: one that somebody planted in the browser is never taken over. */
export async function openSession(c: Context, account: Account): Promise<void> {
  const { env } = settingsOf(c);
  const key = await signingKey(env.FLEET);
  const handle = newHandle(await userIdOf(account));
  const { userId, id, secret } = handle;
  const expires_at = Date.now() + LIFETIME_SECONDS * 1000;
  await env.DIRECTORY.getByName(userId).openSession({ id, secret, account, expires_at });
  const attributes = { path: "/", secure: true, httpOnly: true, sameSite: "Lax", maxAge: LIFETIME_SECONDS } as const;
  setCookie(c, COOKIE, await writeHandle(key, "pcx_session", handle), attributes);
}

/** `everywhere` ends the user's sessions in other browsers as well. */
export async function closeSession(c: Context, { userId, id }: BrowserSession, everywhere = false) {
  const directory = settingsOf(c).env.DIRECTORY.getByName(userId);
  await (everywhere ? directory.closeAllSessions() : directory.closeSession(id));
  deleteCookie(c, COOKIE, { path: "/", secure: true });
}

/** As the app has set them, whatever else a route's context holds. */
function settingsOf(c: Context): { env: Cloudflare.Env; config: Config } {
  return { env: c.env, config: c.get("config") };
}
