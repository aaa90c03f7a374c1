// The gateway's own answers, in the OpenAI API's error shape.
import type { RunnerErrorCode } from "../../container/protocol.ts";
import { budgetMessage, compactBudget, type SpentBudget } from "../lib/token-budget.ts";

export function openAiError(status: number, code: string, message: string): Response {
  return Response.json({ error: { message, type: "gateway_error", code, param: null } }, { status });
}

/**
 * A failure of the gateway itself. Codex repeats the message in its own error, and there the runner finds the code.
 * With 400 Codex ends the turn at once: for what no retry can mend. With 503 it tries again for about 25 s.
 */
export function gatewayFailure(code: RunnerErrorCode): Response {
  const status = code === "model_unreachable" ? 503 : 400;
  return openAiError(status, `gateway_${code}`, `gateway_${code}: the model gateway cannot forward this request.`);
}

/** The runner finds the numbers as well. With 400 Codex does not try again. */
export function budgetSpent(spent: SpentBudget): Response {
  const message = `gateway_budget_exceeded[${compactBudget(spent)}]: ${budgetMessage(spent)}`;
  return openAiError(400, "gateway_budget_exceeded", message);
}
