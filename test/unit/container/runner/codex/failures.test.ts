import { describe, expect, it } from "vitest";
import { httpStatusOf, toRunnerError } from "../../../../../container/runner/codex/failures.ts";

describe("an error of Codex", () => {
  it.each([
    ["contextWindowExceeded", "context_too_long"],
    ["usageLimitExceeded", "usage_limit"],
    ["sessionBudgetExceeded", "usage_limit"],
    ["rateLimitExceeded", "model_rate_limited"],
    ["serverOverloaded", "model_unavailable"],
    ["internalServerError", "model_unavailable"],
    ["unauthorized", "model_auth_failed"],
    ["modelNotFound", "unknown_model"],
    ["cyberPolicy", "model_refused"],
    ["badRequest", "model_refused"],
    ["sandboxError", "sandbox_unavailable"],
    ["other", "codex_failed"],
    ["a kind of the future", "codex_failed"],
    [undefined, "codex_failed"],
    [null, "codex_failed"],
    [{ httpConnectionFailed: { httpStatusCode: 401 } }, "model_auth_failed"],
    [{ httpConnectionFailed: { httpStatusCode: 403 } }, "model_auth_failed"],
    [{ responseTooManyFailedAttempts: { httpStatusCode: 429 } }, "model_rate_limited"],
    [{ httpConnectionFailed: { httpStatusCode: 404 } }, "model_refused"],
    [{ httpConnectionFailed: { httpStatusCode: 503 } }, "model_unavailable"],
    [{ httpConnectionFailed: { httpStatusCode: null } }, "model_unreachable"],
    [{ httpConnectionFailed: {} }, "model_unreachable"],
    [{ responseStreamConnectionFailed: { httpStatusCode: null } }, "model_unreachable"],
    [{ responseStreamDisconnected: { httpStatusCode: null } }, "model_unreachable"],
    [{ responseStreamDisconnected: { httpStatusCode: 502 } }, "model_unavailable"],
    [{ activeTurnNotSteerable: { turnKind: "review" } }, "codex_failed"],
  ])("of the kind %j has the code %s and Codex's text as its detail", (codexErrorInfo, code) => {
    expect(toRunnerError({ message: "told by Codex", codexErrorInfo })).toEqual({ code, detail: "told by Codex" });
  });

  it.each([
    ["error sending request for url (http://model.internal/v1/responses)", "model_unreachable"],
    ["stream disconnected before completion", "model_unreachable"],
    ['{"error":{"message":"Invalid schema","code":"invalid_json_schema"}}', "model_refused"],
    ['{"detail":"no error member"}', "codex_failed"],
    ["{ not JSON", "codex_failed"],
  ])("of no kind is told by its message: %s", (message, code) => {
    expect(toRunnerError({ message, codexErrorInfo: "other" }).code).toBe(code);
  });

  it("without any description is Codex's failure", () => {
    expect(toRunnerError(null)).toEqual({ code: "codex_failed" });
  });

  it("keeps only the beginning of a long text", () => {
    expect(toRunnerError({ message: "x".repeat(9_000) }).detail).toHaveLength(2_000);
  });
});

describe("a failure of the gateway", () => {
  it("brings the numbers of a spent budget along", () => {
    const message = "gateway_budget_exceeded[day:100:150:1795219200000]: Your budget is spent.";
    const body = JSON.stringify({ error: { message, code: "gateway_budget_exceeded" } });
    const detail = "day:100:150:1795219200000";
    expect(toRunnerError({ message: body, codexErrorInfo: "other" })).toEqual({ code: "budget_exceeded", detail });
  });

  it.each(["no_credential", "model_auth_failed", "model_unreachable"])("is told by its own code: %s", (code) => {
    const body = JSON.stringify({ error: { message: `gateway_${code}: it cannot.`, code: `gateway_${code}` } });
    expect(toRunnerError({ message: body, codexErrorInfo: "other" })).toEqual({ code });
  });

  it("is told by its code, whatever Codex makes of its status", () => {
    const codexErrorInfo = { httpConnectionFailed: { httpStatusCode: 503 } };
    const message = "unexpected status 503: gateway_model_unreachable: it cannot., url: http://x";
    expect(toRunnerError({ message, codexErrorInfo })).toEqual({ code: "model_unreachable" });
  });

  it("with a code that nobody knows is judged like any other", () => {
    const message = "gateway_timeout while forwarding";
    const codexErrorInfo = { httpConnectionFailed: { httpStatusCode: 504 } };
    expect(toRunnerError({ message, codexErrorInfo }).code).toBe("model_unavailable");
  });
});

it.each([
  [{ responseStreamDisconnected: { httpStatusCode: 500 } }, 500],
  [{ responseStreamDisconnected: { httpStatusCode: null } }, null],
  [{ responseStreamDisconnected: {} }, null],
  [{}, null],
  ["other", null],
  [null, null],
  [[500], null],
])("the HTTP status behind %j is %j", (info, status) => {
  expect(httpStatusOf(info)).toBe(status);
});
