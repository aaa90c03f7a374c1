// Rules about hosts of the internet: `example.com`, or `*.example.com` for every name below it. A rule never names an address, nor a
// name that only means something inside of a network.

/** What a URL would not take for a part of the host's name, besides what a name cannot hold anyway. */
const NO_NAME = /[\s/:@?#\\%*[\]]/u;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const MAX_NAME_CHARS = 253;
/** RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and what routers and companies call theirs. */
const PRIVATE_SUFFIXES = [
  ...["localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan"],
  ...["arpa", "onion", "invalid"],
];
const IPV4 = /^\d+(?:\.\d+){3}$/;

/** The rule in its normal form (ASCII, lower case), or null where the text is none. `*.com` is none: it would be half the internet. */
export function parseHostRule(text: string): string | null {
  const isWildcard = text.startsWith("*.");
  const name = parsePublicName(isWildcard ? text.slice(2) : text);
  return name !== null && isWildcard ? `*.${name}` : name;
}

/** The name of a public host in its normal form, or null where the text is none. International names become `xn--…`. */
export function parsePublicName(text: string): string | null {
  if (NO_NAME.test(text)) return null;
  const name = withoutRootDot(URL.parse(`https://${text}`)?.hostname ?? "");
  return isPublicName(name) ? name : null;
}

/** `name` is a URL's host name without the dot of the root. */
export function isPublicName(name: string): boolean {
  const labels = name.split(".");
  if (labels.length < 2 || name.length > MAX_NAME_CHARS || isAddress(name)) return false;
  return labels.every((label) => LABEL.test(label)) && !isPrivateName(name);
}

/** `hostname` is that of a URL, in which every spelling of an IPv4 address has become four numbers, and IPv6 has brackets. */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || IPV4.test(hostname);
}

/** `name` is in normal form. `*.example.com` is for all names below example.com, and not for example.com. */
export function isNamedBy(name: string, rules: readonly string[]): boolean {
  return rules.some((rule) => (rule.startsWith("*.") ? name.endsWith(rule.slice(1)) : name === rule));
}

/** `example.com.` and `example.com` are the same host. */
export function withoutRootDot(hostname: string): string {
  return hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
}

function isPrivateName(name: string): boolean {
  return PRIVATE_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}
