// One sign-in at another provider, from the redirect there to the callback: what must come back the same is kept in a signed
// cookie of the browser that began it. So a callback in another browser, or a second time, is refused.
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { signingKey } from "../fleet/fleet-of.ts";
import { fromBase64url, toBase64url } from "../lib/base64url.ts";
import { isSigned, sign } from "../lib/signature.ts";

export const UpstreamFlow = z.object({
  method: z.enum(["oidc", "github"]),
  state: z.string(),
  nonce: z.string(),
  /** Of PKCE. */
  verifier: z.string(),
  return_path: z.string(),
  /** Unix time in ms. */
  expires_at: z.number(),
});
export type UpstreamFlow = z.infer<typeof UpstreamFlow>;

const LIFETIME_SECONDS = 600;
const PURPOSE = "upstream-flow";

export async function rememberFlow(c: Context, flow: Omit<UpstreamFlow, "expires_at">): Promise<void> {
  const record: UpstreamFlow = { ...flow, expires_at: Date.now() + LIFETIME_SECONDS * 1000 };
  const body = toBase64url(new TextEncoder().encode(JSON.stringify(record)));
  const value = `${body}.${await sign(await signingKey(c.env.FLEET), PURPOSE, body)}`;
  const attributes = { path: "/", secure: true, httpOnly: true, sameSite: "Lax", maxAge: LIFETIME_SECONDS } as const;
  setCookie(c, cookieName(flow.state), value, attributes);
}

/** Works once per browser. Throws `invalid_input` where this browser did not begin the flow, or too long ago. */
export async function recallFlow(c: Context, method: UpstreamFlow["method"]): Promise<UpstreamFlow> {
  const state = c.req.query("state") ?? "";
  const name = cookieName(state);
  const [body = "", tag = ""] = (getCookie(c, name) ?? "").split(".");
  deleteCookie(c, name, { path: "/", secure: true });
  const isOurs = await isSigned(await signingKey(c.env.FLEET), PURPOSE, body, tag);
  const flow = isOurs ? parse(body) : undefined;
  if (flow?.method !== method || flow.state !== state || flow.expires_at <= Date.now()) {
    throw new AppError("invalid_input", "This sign-in was not begun in this browser, or too long ago. Start again.");
  }
  return flow;
}

/** One cookie per flow, so that two tabs can sign in at the same time. */
function cookieName(state: string): string {
  return `__Host-upstream-${state.replaceAll(/[^\w-]/g, "").slice(0, 16)}`;
}

function parse(body: string): UpstreamFlow | undefined {
  return UpstreamFlow.parse(JSON.parse(new TextDecoder().decode(fromBase64url(body) ?? new Uint8Array())));
}
