// Where a request of a container wants to go, and what speaks against it whoever asks. The URL's host is what counts: it is where the
// Worker would send the request, whatever name the container has resolved or its TLS handshake has named.
import { isAddress, isPublicName, withoutRootDot } from "../lib/host-rules.ts";

export interface Destination {
  /** For people: the host, with a scheme or port that is not that of HTTPS. */
  name: string;
  host: string;
  /** Why nobody may go there, as the end of a sentence; null where the rules decide. */
  problem: string | null;
}

/** `reason`: the end of a sentence. */
export type EgressVerdict = { allowed: true } | { allowed: false; reason: string };

const MAX_HOST_CHARS = 253;
const UNREADABLE: Destination = { name: "(unreadable address)", host: "", problem: "its address cannot be read" };

export function destinationOf(request: Request): Destination {
  const url = URL.parse(request.url);
  if (url === null) return UNREADABLE;
  const host = withoutRootDot(url.hostname);
  const scheme = url.protocol === "https:" ? "" : `${url.protocol}//`;
  const port = url.port === "" ? "" : `:${url.port}`;
  return { name: `${scheme}${host.slice(0, MAX_HOST_CHARS)}${port}`, host, problem: problemOf(request, url, host) };
}

function problemOf(request: Request, { protocol, port }: URL, host: string): string | null {
  if (isAddress(host)) return "addresses are never reached, only names";
  if (!isPublicName(host)) return "it is no name of a public host";
  if (protocol !== "https:") return "only https:// leads out";
  if (port !== "") return "only port 443 leads out";
  if (request.headers.has("upgrade")) return "WebSockets and other upgrades are not let out";
  return null;
}
