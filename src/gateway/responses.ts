// The gateway's own answers, in the OpenAI API's error shape.
import type { RunnerErrorCode } from "../../container/protocol.ts";

export function openAiError(status: number, code: string, message: string): Response {
  return Response.json({ error: { message, type: "gateway_error", code, param: null } }, { status });
}

/**
 * What no retry can mend. Codex ends a turn at once on 400 and repeats the body in its error, where the runner finds
 * the code; on 401 it would try for seconds and tell only the status.
 */
export function gatewayFailure(code: Extract<RunnerErrorCode, "no_credential" | "model_auth_failed">): Response {
  return openAiError(400, `gateway_${code}`, "The model gateway cannot forward this request.");
}
