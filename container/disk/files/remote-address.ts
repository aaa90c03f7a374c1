// Which addresses a repository may be imported from: public ones, by https. A name is looked up once, and what was found is what
// git then connects to, so that it cannot be another one the second time.
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { HttpFailure } from "../../lib/http.ts";

export interface Remote {
  /** Without anything after the path. */
  url: URL;
  /** Of the host; empty where it was not looked up. */
  addresses: string[];
}

export interface AddressOptions {
  /** `host:port`, which may be private: for tests. */
  allowed: readonly string[];
  /** False where nothing leaves this machine but through somebody who looks names up, and judges, by himself. */
  looksUp: boolean;
  resolve?(host: string): Promise<string[]>;
}

const MAX_LOOKUP_MS = 10_000;
/** They name machines of a local network, whatever a lookup says. */
const LOCAL_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|home\.arpa)$/;

/** https://www.iana.org/assignments/iana-ipv4-special-registry/ */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ...([
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
  ] as const),
  ...([
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
  ] as const),
  ...([
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 4],
    ["240.0.0.0", 4],
  ] as const),
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv4");
}
/** Public ones are in 2000::/3; of these, some hold an address of IPv4 or are for documentation. */
const PUBLIC_V6 = new BlockList();
PUBLIC_V6.addSubnet("2000::", 3, "ipv6");
const PRIVATE_V6 = new BlockList();
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  PRIVATE_V6.addSubnet(network, prefix, "ipv6");
}

/** Throws `url_refused`, or `unreachable` where the name is not known. */
export async function checkRemote(text: string, options: AddressOptions): Promise<Remote> {
  const url = parse(text);
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (options.allowed.includes(`${host}:${url.port || "443"}`)) return { url, addresses: [host] };
  if (url.port !== "") throw refused("has a port; only the one of https is allowed");
  if (isIP(host) === 0 && (LOCAL_NAME.test(host) || !host.includes(".")))
    throw refused("names a host of a local network");
  if (isIP(host) === 0 && !options.looksUp) return { url, addresses: [] };
  const addresses = isIP(host) === 0 ? await find(host, options.resolve ?? resolve) : [host];
  if (!addresses.every(isPublic)) throw refused("leads to a private, local or reserved address");
  return { url, addresses };
}

export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !PRIVATE.check(address, "ipv4");
  return isIP(address) === 6 && PUBLIC_V6.check(address, "ipv6") && !PRIVATE_V6.check(address, "ipv6");
}

function parse(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https:\/\//i.test(text)) throw refused("is no https address (https://host/path)");
  if (url.username !== "" || url.password !== "") throw refused("holds a credential; give that as the token");
  if (url.search !== "" || url.hash !== "" || /[\s\\]/.test(text)) throw refused("has more than a host and a path");
  if (url.pathname === "/") throw refused("names no repository");
  return url;
}

async function find(host: string, resolveName: (host: string) => Promise<string[]>): Promise<string[]> {
  try {
    const limit = new Promise<never>((_, reject) => setTimeout(reject, MAX_LOOKUP_MS).unref());
    const found = await Promise.race([resolveName(host), limit]);
    if (found.length > 0) return found;
  } catch {
    // As with none.
  }
  throw unknownHost();
}

async function resolve(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function unknownHost(): HttpFailure {
  const message = "The host of the url cannot be found from the agent's machine, or its network does not lead there.";
  return new HttpFailure(502, { code: "unreachable", message });
}

function refused(why: string): HttpFailure {
  return new HttpFailure(422, { code: "url_refused", message: `The url ${why}. Nothing was imported.` });
}
