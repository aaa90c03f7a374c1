// Codex's errors as codes of ours. Sources: CodexErrorInfo in the generated types; behaviour observed with 0.169.
import * as z from "zod";
import { RunnerError, type RunnerErrorCode } from "../../protocol.ts";
import type { CodexError } from "./messages.ts";

const BY_KIND: Readonly<Record<string, RunnerErrorCode>> = {
  contextWindowExceeded: "context_too_long",
  usageLimitExceeded: "usage_limit",
  sessionBudgetExceeded: "usage_limit",
  rateLimitExceeded: "model_rate_limited",
  serverOverloaded: "model_unavailable",
  internalServerError: "model_unavailable",
  flexUnavailable: "model_unavailable",
  policyCapacityUnavailable: "model_unavailable",
  unauthorized: "model_auth_failed",
  modelNotFound: "unknown_model",
  cyberPolicy: "model_refused",
  misalignmentPolicyViolation: "model_refused",
  inferenceHookDenied: "model_refused",
  badRequest: "model_refused",
  sandboxError: "sandbox_unavailable",
};

const WithStatus = z.record(z.string(), z.object({ httpStatusCode: z.number().nullish() }));
const ApiError = z.object({ error: z.looseObject({}) });

/**
 * The gateway names its own failures in the message of its answer, which Codex repeats, some with data in brackets. See
 * src/gateway/responses.ts.
 */
const GATEWAY_CODE = /\bgateway_([a-z_]+)(?:\[([\w:]{1,100})\])?/;

export function toRunnerError(error: CodexError | null): RunnerError {
  if (error === null) return { code: "codex_failed" };
  const [, name, data] = GATEWAY_CODE.exec(error.message) ?? [];
  const gateway = RunnerError.shape.code.safeParse(name);
  if (gateway.success) return { code: gateway.data, ...(data === undefined ? {} : { detail: data }) };
  return { code: classify(error), detail: error.message.slice(0, 2_000) };
}

/** The HTTP status behind a connection error; null where there was no answer at all or the error is of another kind. */
export function httpStatusOf(info: unknown): number | null {
  const parsed = WithStatus.safeParse(info);
  return parsed.success ? (Object.values(parsed.data)[0]?.httpStatusCode ?? null) : null;
}

function classify({ codexErrorInfo: info, message }: CodexError): RunnerErrorCode {
  if (typeof info === "string" && info !== "other") return BY_KIND[info] ?? "codex_failed";
  const status = httpStatusOf(info);
  if (status === 401 || status === 403) return "model_auth_failed";
  if (status === 429) return "model_rate_limited";
  if (status !== null && status >= 500) return "model_unavailable";
  if (status === 404 || status === 400) return "model_refused";
  if (info === "other" && isApiError(message)) return "model_refused";
  if (isConnectionLoss(info) || /error sending request|stream disconnected/i.test(message)) return "model_unreachable";
  return "codex_failed";
}

/** Codex passes the body of an HTTP 400 on as the whole message. */
function isApiError(message: string): boolean {
  try {
    return ApiError.safeParse(JSON.parse(message)).success;
  } catch {
    return false;
  }
}

function isConnectionLoss(info: unknown): boolean {
  return (
    typeof info === "object" &&
    info !== null &&
    ["httpConnectionFailed", "responseStreamConnectionFailed", "responseStreamDisconnected"].some(
      (kind) => kind in info,
    )
  );
}
