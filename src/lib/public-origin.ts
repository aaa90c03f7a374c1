// Under which origin this server is known outside: what tokens are bound to, and where browsers are sent back to.
import { AppError } from "../errors.ts";
import { isLoopback } from "./loopback.ts";

/**
 * PUBLIC_URL, else that of the request, whose host name Cloudflare has routed and {@link foreignRequestProblem} has checked.
 * Throws `forbidden` for plain http from another machine: passwords and tokens would be readable on the way.
 */
export function publicOrigin(request: Request, { PUBLIC_URL }: { PUBLIC_URL?: string | undefined }): string {
  const { origin, protocol, hostname } = new URL(request.url);
  if (PUBLIC_URL !== undefined) return PUBLIC_URL;
  if (protocol === "https:" || isLoopback(hostname)) return origin;
  throw new AppError("forbidden", "Use https. Behind a proxy that speaks https, set PUBLIC_URL.");
}

/** Where a browser that came over plain http is sent; undefined for all that is no page, since its secrets are out already. */
export function secureUrlOf(request: Request, { PUBLIC_URL }: { PUBLIC_URL?: string | undefined }): string | undefined {
  const url = new URL(request.url);
  const isPage = request.method === "GET" && (request.headers.get("accept") ?? "").includes("text/html");
  if (!isPage || PUBLIC_URL !== undefined || url.protocol === "https:" || isLoopback(url.hostname)) return undefined;
  url.protocol = "https:";
  return url.href;
}

/** The request as it was sent to `origin`: a proxy in front may have changed that. */
export function requestAt(origin: string, request: Request): Request {
  const url = new URL(request.url);
  return url.origin === origin ? request : new Request(`${origin}${url.pathname}${url.search}`, request);
}
