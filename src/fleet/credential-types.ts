// What callers of a Directory learn about credentials. Plain data: it crosses the Durable Object's RPC. Only
// `ModelCredential` holds a secret, and only the model gateway asks for it.
import * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import { RefreshProblem } from "../lib/openai-auth.ts";

/** `oauth` is a ChatGPT subscription. */
export type CredentialMethod = "oauth" | "api_key";

/** `own`: the user's. `server`: the fallback of the whole deployment, from its settings. */
export type CredentialSource = "own" | "server";

/**
 * Why a ChatGPT login is of no use any more. `refresh_token_…`: what the auth server said about its refresh token.
 * `access_token_expired`: it has run out and cannot be refreshed. `access_token_rejected`: ChatGPT refuses it, and it
 * cannot be refreshed.
 */
export const LoginProblem = z.enum([...RefreshProblem.options, "access_token_expired", "access_token_rejected"]);
export type LoginProblem = z.infer<typeof LoginProblem>;

/** One window of a ChatGPT plan. `used_percent` is 0 to 100; `resets_at` is Unix time in ms. */
export const RateLimitWindow = z.object({
  used_percent: z.number(),
  window_minutes: z.number().nullable(),
  resets_at: z.number().nullable(),
});
export type RateLimitWindow = z.infer<typeof RateLimitWindow>;

/** `primary` is the short window, of hours; `secondary` the long one, of days. `noted_at` is Unix time in ms. */
export const RateLimits = z.object({
  primary: RateLimitWindow.nullable(),
  secondary: RateLimitWindow.nullable(),
  noted_at: z.number(),
});
export type RateLimits = z.infer<typeof RateLimits>;

/** Unix times in ms. `hint` is the last 4 characters of one's own key; empty for the server's. */
export interface ApiKeyStatus {
  source: CredentialSource;
  hint: string;
  /** Null for the server's. */
  connected_at: number | null;
}

export interface ChatGptStatus {
  source: CredentialSource;
  /** The last 4 characters of the account's id. */
  hint: string;
  /** Null where the server's login has not been used yet. */
  connected_at: number | null;
  email: string | null;
  plan: string | null;
  /** False for a bare access token: it ends when it expires. */
  is_renewable: boolean;
  /** When the present access token runs out; null where it does not say. */
  expires_at: number | null;
  needs_login: LoginProblem | null;
  rate_limits: RateLimits | null;
}

export interface CredentialStatus {
  /** What turns use; null where there is none. */
  in_use: { method: CredentialMethod; source: CredentialSource } | null;
  /** Why turns would fail now, and what to do; null where nothing is known to be wrong. */
  problem: { code: ErrorCode; message: string } | null;
  /** The user's own ones, and the server's where it is what turns use. */
  api_key: ApiKeyStatus | null;
  oauth: ChatGptStatus | null;
  /** A device login that waits for its user. */
  device_login: DeviceLogin | null;
}

/** The user opens `verification_url` and types `user_code`. */
export interface DeviceLogin {
  user_code: string;
  verification_url: string;
  /** How often to poll, in seconds. */
  interval_s: number;
  /** Unix time in ms. */
  expires_at: number;
}

/** `failed` and `expired`: start again. */
export type DevicePoll =
  | { status: "pending"; login: DeviceLogin }
  | { status: "connected" }
  | { status: "expired" }
  | { status: "failed"; message: string };

/** `id` names this state of the credential; it is what `rejected` and `noteRateLimits` speak of. */
export type ModelCredential =
  | { method: "api_key"; source: CredentialSource; id: string; api_key: string }
  | {
      method: "oauth";
      source: CredentialSource;
      id: string;
      access_token: string;
      account_id: string;
      /** Of the account's workspace, without a slash at its end. Checked: it never leads to a host of somebody else. */
      base_url: string;
      /** For `x-openai-account-routing-override`. */
      routing_override: string | null;
    };

export interface ModelCredentialRequest {
  /** `id` of a credential that the upstream has just refused with 401. */
  rejected?: string | undefined;
}
