// What Codex asks of its client, and what is answered where no person is asked: what stays inside the sandbox is accepted,
// the rest declined.
import type { ToolRequestUserInputResponse } from "./protocol/v2/ToolRequestUserInputResponse.ts";

/** Who decides on approvals. Undefined: nobody is asked. */
export interface ApprovalCounter {
  askForCommand(params: unknown): Promise<object>;
  askForFileChange(params: unknown): Promise<object>;
}

/**
 * Resolves to the result of a request from Codex. Without a counter the approval policy of jail.ts holds: a command is
 * only asked for when it stays inside the sandbox, while a file approval means that the file lies outside of it.
 * Rejects for what this client does not do; Codex then goes on without.
 */
export async function decideRequest(method: string, params: unknown, counter?: ApprovalCounter): Promise<object> {
  switch (method) {
    case "item/commandExecution/requestApproval":
      return counter?.askForCommand(params) ?? { decision: "accept" };
    case "item/fileChange/requestApproval":
      return counter?.askForFileChange(params) ?? { decision: "decline" };
    case "item/tool/requestUserInput":
      return { answers: {} } satisfies ToolRequestUserInputResponse;
    default:
      throw new Error(`${method} is not supported`);
  }
}
