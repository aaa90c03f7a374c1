// Where a browser goes after sign-in. It comes from the address bar, so it must not lead anywhere else.

const DEFAULT = "/account";
const PAGES = /^\/(?:authorize|account|approvals\/[^/]+\/[^/]+\/[^/]+)$/;

/** A path of one of our own pages, with its query; the account page for anything else. */
export function safeReturnPath(given: string | undefined): string {
  if (given === undefined || !given.startsWith("/")) return DEFAULT;
  // The parser reads `\` and `//` as browsers do.
  const url = URL.parse(given, "https://here.invalid");
  if (url === null || url.origin !== "https://here.invalid" || !PAGES.test(url.pathname)) return DEFAULT;
  return `${url.pathname}${url.search}`;
}
