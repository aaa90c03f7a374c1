// Whom the operator lets in. Asked again at each use of a token or session, so that a name which is taken off the list is out at once.
import type { Config } from "../config.ts";
import type { Account } from "../lib/account.ts";

type Rules = Pick<Config, "ALLOWED_USERS" | "OWNER_PASSWORD" | "OIDC_ISSUER" | "GITHUB_CLIENT_ID" | "GITHUB_URL">;

/** Whether the way in is still set up, and the person on the list. */
export function isAllowed(account: Account, rules: Rules): boolean {
  switch (account.method) {
    case "owner":
      return rules.OWNER_PASSWORD !== undefined;
    case "oidc":
      return (
        withoutSlash(account.issuer) === withoutSlash(rules.OIDC_ISSUER ?? "") && isListed(rules, namesOf(account))
      );
    case "github": {
      const isSetUp = rules.GITHUB_CLIENT_ID !== undefined && account.server === rules.GITHUB_URL;
      return isSetUp && isListed(rules, namesOf(account));
    }
  }
}

/** What an entry of the list can be. An e-mail address counts only where it is verified; then it is in the account. */
function namesOf(account: Exclude<Account, { method: "owner" }>): string[] {
  const email = account.email?.toLowerCase();
  const emails = email === undefined ? [] : [email, email.slice(email.lastIndexOf("@"))];
  if (account.method === "github") return [...emails, `github:${account.login.toLowerCase()}`];
  return [...emails, `oidc:${account.subject}`];
}

function isListed({ ALLOWED_USERS }: Rules, names: readonly string[]): boolean {
  return ALLOWED_USERS.some((entry) => {
    // A subject is compared letter by letter: two may differ in their case only.
    const normal = /^oidc:/i.test(entry) ? `oidc:${entry.slice(5)}` : entry.toLowerCase();
    return normal === "*" || names.includes(normal);
  });
}

/** The issuer's own spelling and that of the setting may differ in it. */
function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, "");
}
