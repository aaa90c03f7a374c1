// How many agents may be at work at once.
import type { Config } from "../config.ts";

type Settings = Pick<Config, "MAX_CONCURRENT_SESSIONS" | "MAX_SESSIONS_PER_USER" | "OIDC_ISSUER" | "GITHUB_CLIENT_ID">;

/** Where more than the owner can sign in, one user's share is half of all unless it is set: nobody can take all places. */
export function sessionLimits(config: Settings): { all: number; user: number } {
  const all = config.MAX_CONCURRENT_SESSIONS;
  const isShared = config.OIDC_ISSUER !== undefined || config.GITHUB_CLIENT_ID !== undefined;
  return { all, user: config.MAX_SESSIONS_PER_USER ?? (isShared ? Math.ceil(all / 2) : all) };
}
