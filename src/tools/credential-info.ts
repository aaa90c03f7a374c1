// Which credential a caller's turns use, and what is left of it, as tools tell it.
import { type Outcome, unwrap } from "../errors.ts";
import type {
  CredentialMethod,
  CredentialSource,
  CredentialStatus,
  RateLimitWindow,
} from "../fleet/credential-types.ts";
import { durationText } from "../lib/duration-text.ts";
import { withTimeout } from "../lib/idle-timeout.ts";
import { type CallContext, directoryOf } from "./call-context.ts";

interface WindowInfo {
  used_percent: number;
  window_minutes: number | null;
  resets_at: string | null;
}

export interface CredentialInfo {
  method: CredentialMethod | "none";
  /** `server`: of the whole deployment. */
  source: CredentialSource | null;
  /** Why turns fail, and what to do. */
  problem: string | null;
  plan: string | null;
  /** What of the ChatGPT plan is used: its short window and its long one. */
  rate_limits: { primary: WindowInfo | null; secondary: WindowInfo | null; noted_at: string } | null;
}

const TIMEOUT_MS = 3_000;

/** Rejects where the directory does not answer in time. */
export async function readCredential(context: CallContext): Promise<CredentialInfo> {
  return toCredentialInfo(unwrap(await withTimeout(askDirectory(context), TIMEOUT_MS)));
}

/** One line; undefined where there is nothing to tell. */
export function limitsLine({ plan, rate_limits }: CredentialInfo): string | undefined {
  if (rate_limits === null) return undefined;
  const windows = [rate_limits.primary, rate_limits.secondary].flatMap((window) => (window === null ? [] : [window]));
  return `ChatGPT${plan === null ? "" : ` ${plan}`}: ${windows.map(windowText).join("; ")}`;
}

async function askDirectory(context: CallContext): Promise<Outcome<CredentialStatus>> {
  return await directoryOf(context).credentialStatus();
}

function toCredentialInfo({ in_use, problem, oauth }: CredentialStatus): CredentialInfo {
  const login = in_use?.method === "oauth" ? oauth : null;
  const limits = login?.rate_limits ?? null;
  return {
    method: in_use?.method ?? "none",
    source: in_use?.source ?? null,
    problem: problem?.message ?? null,
    plan: login?.plan ?? null,
    rate_limits: limits && {
      primary: toWindowInfo(limits.primary),
      secondary: toWindowInfo(limits.secondary),
      noted_at: new Date(limits.noted_at).toISOString(),
    },
  };
}

function toWindowInfo(window: RateLimitWindow | null): WindowInfo | null {
  return (
    window && { ...window, resets_at: window.resets_at === null ? null : new Date(window.resets_at).toISOString() }
  );
}

function windowText({ used_percent, window_minutes, resets_at }: WindowInfo): string {
  const length = window_minutes === null ? "" : ` of ${durationText(window_minutes)}`;
  return `${used_percent} %${length} used${resets_at === null ? "" : `, resets at ${resets_at}`}`;
}
