// What browsers may do with our pages: show them, with our own stylesheet, and send their forms back to us.
import { createMiddleware } from "hono/factory";

const NOWHERE_ELSE = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS = {
  // Browsers pass it over where it does not come over https.
  "strict-transport-security": "max-age=31536000",
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  // Not `no-referrer`: with it browsers send `Origin: null` with our own forms.
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
} as const;

export const securityHeaders = createMiddleware(async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  if (!c.res.headers.has("content-security-policy")) c.header("content-security-policy", contentSecurityPolicy());
});

/**
 * @param redirect Where a form's answer may send the browser in the end: browsers hold the whole chain of redirects after a form
 *   against `form-action`, and a client may pass the browser on to other hosts of its own.
 */
export function contentSecurityPolicy(redirect?: string): string {
  const protocol = URL.parse(redirect ?? "")?.protocol;
  const target = protocol === "https:" || protocol === "http:" ? ` ${protocol}` : "";
  return `${NOWHERE_ELSE}; form-action 'self'${target}`;
}
