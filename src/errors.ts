// Every failure that a caller can see has one of these codes. The message is written here or by the thrower, says what to
// do next, and never holds a secret or text from outside.
import type { RunnerErrorCode } from "../container/protocol.ts";

/** Codes of failures outside of a turn, with the HTTP status they map to. */
const STATUS = {
  invalid_input: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  busy: 429,
  internal: 500,
  remote_unavailable: 502,
  container_unavailable: 503,
  misconfigured: 503,
  storage_unavailable: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof STATUS | RunnerErrorCode;

export class AppError extends Error {
  override name = "AppError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** HTTP status of a code; failures of a turn are answers of a working server and map to 200's sibling 422. */
export function statusOf(code: ErrorCode): number {
  return code in STATUS ? STATUS[code as keyof typeof STATUS] : 422; // `in` does not narrow the key
}

/** Whether the same call may succeed later without any change. */
export function isRetryable(code: ErrorCode): boolean {
  return RETRYABLE.has(code);
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "busy",
  "internal",
  "remote_unavailable",
  "container_unavailable",
  "storage_unavailable",
  "container_lost",
  "codex_died",
  "codex_failed",
  "bad_model_output",
  "empty_answer",
  "model_rate_limited",
  "model_unavailable",
  "model_unreachable",
]);

/** What a Durable Object method returns: error classes do not survive its RPC. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; code: ErrorCode; message: string };

/** For the edge of a Durable Object: an expected failure becomes data, any other is thrown on. */
export async function outcomeOf<T>(work: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof AppError) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

/** The value, or the failure as an {@link AppError} again. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new AppError(outcome.code, outcome.message);
}
