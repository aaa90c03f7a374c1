// Which ways to sign in are set up.
import type { Config } from "../config.ts";

export interface SignInMethods {
  password: boolean;
  oidc: boolean;
  github: boolean;
}

export const NO_METHOD =
  "Nobody can sign in yet. Set the secret OWNER_PASSWORD (`npx wrangler secret put OWNER_PASSWORD`), or OIDC_ISSUER, " +
  "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET; the last two with ALLOWED_USERS.";

export function signInMethods(config: Config): SignInMethods {
  return {
    password: config.OWNER_PASSWORD !== undefined,
    oidc: config.OIDC_ISSUER !== undefined,
    github: config.GITHUB_CLIENT_ID !== undefined,
  };
}

export function hasSignInMethod(config: Config): boolean {
  return Object.values(signInMethods(config)).some(Boolean);
}
