// Tells requests that a browser was tricked into from those that are meant: DNS rebinding reaches a server under a name that
// is not its own, and a foreign web page carries its own `Origin`.
// https://modelcontextprotocol.io/specification/2026-07-28/basic/transports#security-warning

import { isLoopback } from "./loopback.ts";

export interface KnownHosts {
  ALLOWED_HOSTS: readonly string[];
  ALLOWED_ORIGINS: readonly string[];
  PUBLIC_URL?: string | undefined;
}

/** What is wrong with the request's Host or Origin; undefined when all is well. Ports do not matter. */
export function foreignRequestProblem(request: Request, known: KnownHosts): string | undefined {
  const { hostname } = new URL(request.url);
  const host = request.headers.get("host");
  if (!isOwnHost(hostname, known) || (host !== null && hostnameOf(`http://${host}`) !== hostname)) {
    return "This host name is not served. If it is yours, add it to ALLOWED_HOSTS.";
  }
  const origin = request.headers.get("origin");
  if (origin === null || isAllowedOrigin(origin, hostname, known)) return undefined;
  return "Web pages of this origin are not served. If it is to be, add its host to ALLOWED_ORIGINS.";
}

/** Where neither is set every name that leads here is right: Cloudflare routes only those of the deployment. */
function isOwnHost(hostname: string, { ALLOWED_HOSTS, PUBLIC_URL }: KnownHosts): boolean {
  if (ALLOWED_HOSTS.length === 0 && PUBLIC_URL === undefined) return true;
  return isLoopback(hostname) || ALLOWED_HOSTS.includes(hostname) || hostname === hostnameOf(PUBLIC_URL ?? "");
}

function isAllowedOrigin(origin: string, hostname: string, { ALLOWED_ORIGINS, PUBLIC_URL }: KnownHosts): boolean {
  const from = hostnameOf(origin);
  if (from === undefined) return false; // `null`, of sandboxed pages and files
  const isOwn = from === hostname || from === hostnameOf(PUBLIC_URL ?? "");
  return isOwn || ALLOWED_ORIGINS.includes(from) || (isLoopback(from) && isLoopback(hostname));
}

function hostnameOf(url: string): string | undefined {
  return URL.parse(url)?.hostname || undefined;
}
