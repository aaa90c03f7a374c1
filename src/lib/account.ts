// A person as a sign-in method vouches for them. Everything that a person owns hangs on the id that is derived here.
import * as z from "zod";
import { sha256Hex } from "./sha256.ts";

export const Account = z.discriminatedUnion("method", [
  /** Whoever knows OWNER_PASSWORD; the tag tells a former password from the present one. */
  z.object({ method: z.literal("owner"), password_tag: z.string() }),
  z.object({
    method: z.literal("oidc"),
    issuer: z.string(),
    subject: z.string(),
    /** Only an address that the issuer has verified. */
    email: z.string().nullable(),
    name: z.string().nullable(),
  }),
  z.object({
    method: z.literal("github"),
    /** GITHUB_URL: ids of an Enterprise server are others than those of github.com. */
    server: z.string(),
    id: z.number().int(),
    login: z.string(),
    /** Only an address that GitHub has verified. */
    email: z.string().nullable(),
  }),
]);
export type Account = z.infer<typeof Account>;

export const OWNER_ID = "owner";

/**
 * Lower-case letters, digits and `-` only: it becomes part of names and tokens that other characters separate. Neither an
 * e-mail address nor a login goes in: both change hands.
 */
export async function userIdOf(account: Account): Promise<string> {
  switch (account.method) {
    case "owner":
      return OWNER_ID;
    case "oidc":
      return `oidc-${await shortHash([account.issuer, account.subject])}`;
    case "github":
      return `github-${await shortHash([account.server, String(account.id)])}`;
  }
}

/** For people to read. */
export function displayName(account: Account): string {
  switch (account.method) {
    case "owner":
      return "the owner";
    case "oidc":
      return account.email ?? account.name ?? account.subject;
    case "github":
      return `@${account.login}`;
  }
}

async function shortHash(parts: readonly string[]): Promise<string> {
  return (await sha256Hex(JSON.stringify(parts))).slice(0, 32);
}
