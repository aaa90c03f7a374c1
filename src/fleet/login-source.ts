// Where a ChatGPT login comes from: stored for a user, or the server's own in one of three ways.
import { AppError } from "../errors.ts";
import type { ChatGptStatus, LoginProblem, RateLimits } from "./credential-types.ts";

/** A login whose access token can be used now. */
export interface HeldLogin {
  /** Names this state of the login. */
  id: string;
  access_token: string;
  account_id: string;
}

export interface LoginSource {
  /**
   * With `rejected`, the id of a state that ChatGPT has refused, a newer one. Null where there is none. Throws
   * `login_needed`, or `model_unreachable` where only the auth server is missing.
   */
  current(rejected?: string): Promise<HeldLogin | null>;
  status(): Promise<Omit<ChatGptStatus, "source"> | null>;
  /** `id` is the state whose answer told the limits. */
  noteRateLimits(id: string, limits: RateLimits): void;
}

/** An access token that runs out sooner than this is refreshed first. */
export const EXPIRES_SOON_MS = 5 * 60_000;

const PROBLEMS: Readonly<Record<LoginProblem, string>> = {
  refresh_token_expired: "its refresh token has expired",
  refresh_token_reused:
    "its refresh token was used already: by another copy of the same auth.json, or in a refresh whose answer was lost",
  refresh_token_invalidated: "it was signed out, or replaced by a newer login",
  access_token_expired: "its access token has expired and cannot be refreshed here",
  access_token_rejected: "ChatGPT refuses its access token, and it cannot be refreshed here",
};

export function loginNeeded(problem: LoginProblem): AppError {
  return new AppError(
    "login_needed",
    `The ChatGPT login has ended: ${PROBLEMS[problem]}. Connect ChatGPT again on the account page, or by \`npm run login\`.`,
  );
}
