// What ChatGPT's answers tell about the account's plan, in their headers.
// https://github.com/openai/codex/blob/main/codex-rs/codex-api/src/rate_limits.rs
import type { RateLimits, RateLimitWindow } from "../fleet/credential-types.ts";

/** Null where the answer tells nothing. */
export function readRateLimits(headers: Headers, now = Date.now()): RateLimits | null {
  const [primary, secondary] = [readWindow(headers, "primary"), readWindow(headers, "secondary")];
  return primary === null && secondary === null ? null : { primary, secondary, noted_at: now };
}

function readWindow(headers: Headers, name: "primary" | "secondary"): RateLimitWindow | null {
  const number = (field: string) => readNumber(headers.get(`x-codex-${name}-${field}`));
  const used_percent = number("used-percent");
  if (used_percent === null) return null;
  const resetAt = number("reset-at");
  return { used_percent, window_minutes: number("window-minutes"), resets_at: resetAt && resetAt * 1_000 };
}

function readNumber(text: string | null): number | null {
  return text !== null && /^\d{1,12}(?:\.\d{1,12})?$/.test(text) ? Number(text) : null;
}
