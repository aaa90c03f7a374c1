// Failures as every route of tools and files tells them.
import { type AppError, isRetryable, statusOf } from "../errors.ts";

/** Turns take their time, so there is no use in asking at once. */
export const RETRY_AFTER_S = "30";

export function jsonResponse(body: object, status: number, correlationId: string): Response {
  const headers = { "cache-control": "no-store", "x-correlation-id": correlationId };
  return Response.json(body, { status, headers });
}

export function failureResponse({ code, message }: AppError, correlationId: string): Response {
  const body = { status: "failed", error: { code, message, retryable: isRetryable(code) } };
  return jsonResponse(body, statusOf(code), correlationId);
}

/** RFC 6750, section 3.1. */
export function nameScope(response: Response, scope: string): void {
  response.headers.set("www-authenticate", `Bearer error="insufficient_scope", scope="${scope}"`);
}
