// What Codex asks of its client. Nothing waits for a person here: what stays inside the sandbox is accepted, the rest declined.
import type { CommandExecutionRequestApprovalResponse } from "./protocol/v2/CommandExecutionRequestApprovalResponse.ts";
import type { FileChangeRequestApprovalResponse } from "./protocol/v2/FileChangeRequestApprovalResponse.ts";
import type { ToolRequestUserInputResponse } from "./protocol/v2/ToolRequestUserInputResponse.ts";

/**
 * The result of a request from Codex. Under the approval policy of jail.ts a command approval is only asked for a
 * command that stays inside the sandbox, while a file approval means that the file lies outside of it.
 * Throws for what this client does not do; Codex then goes on without.
 */
export function decideRequest(method: string): object {
  switch (method) {
    case "item/commandExecution/requestApproval":
      return { decision: "accept" } satisfies CommandExecutionRequestApprovalResponse;
    case "item/fileChange/requestApproval":
      return { decision: "decline" } satisfies FileChangeRequestApprovalResponse;
    case "item/tool/requestUserInput":
      return { answers: {} } satisfies ToolRequestUserInputResponse;
    default:
      throw new Error(`${method} is not supported`);
  }
}
