import * as z from "zod";
import type { TokenUsage } from "../../container/protocol.ts";
import { AppError } from "../errors.ts";
import { type BudgetInfo, budgetLine, readBudget } from "./budget-info.ts";
import { agentOf } from "./call-context.ts";
import { type ContainerInfo, containerLine, toContainerInfo } from "./container-info.ts";
import { type CredentialInfo, limitsLine, readCredential } from "./credential-info.ts";
import { type CurrentTurn, toCurrentTurn } from "./current-turn.ts";
import { OwnAgentId } from "./fields.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { type SessionInfo, sessionLine, toSessionInfo } from "./session-info.ts";

interface AgentStatus extends SessionInfo {
  container: ContainerInfo;
  queue_length: number;
  current_turn: CurrentTurn | null;
  last_error: { turn_id: string; code: string; message: string; at: string } | null;
  tokens_used: TokenUsage;
  /** Null where it could not be found out in time. */
  token_budget: BudgetInfo | null;
  /** What was accepted for the session; revoke_grants takes it back. */
  session_grants: string[];
  /** Null where it could not be found out in time. */
  credential: CredentialInfo | null;
  log_lines: string[];
}

const LOG_LINES = 20;

export const getAgentStatus = definePlainTool({
  name: "get_agent_status",
  title: "Get agent status",
  description: "One agent: session, container, queue, turn, last error, tokens, what is left of the plan, log.",
  annotations: READ_ONLY,
  input: z.strictObject({ agent_id: OwnAgentId }),
  output: { agent_id: "string", status: "string", container: "object" },
  run: async ({ agent_id }, context): Promise<AgentStatus> => {
    const [found, credential] = await Promise.all([
      agentOf(context, agent_id).describe({ metrics: true, grants: true, log_lines: LOG_LINES }),
      readCredential(context).catch(() => null),
    ]);
    if (found === null) {
      throw new AppError("not_found", "You have no such agent. It comes into being with its first turn.");
    }
    const { state, last_error, current_turn, queue_length, tokens_used, grants, log_lines } = found;
    const budget = await readBudget(context, current_turn?.turn_id ?? null).catch(() => null);
    return {
      ...toSessionInfo(state),
      container: toContainerInfo(found),
      queue_length,
      current_turn: toCurrentTurn(current_turn),
      last_error: last_error && { ...last_error, at: new Date(last_error.at).toISOString() },
      tokens_used,
      token_budget: budget,
      session_grants: grants,
      credential,
      log_lines,
    };
  },
  text: (status) => {
    const problem = status.credential?.problem ?? null;
    const limits = status.credential === null ? undefined : limitsLine(status.credential);
    const budget = status.token_budget === null ? undefined : budgetLine(status.token_budget);
    return [
      sessionLine(status),
      `- ${containerLine(status.container)}`,
      `- queue: ${status.queue_length}, turn: ${status.current_turn?.turn_id ?? "none"}`,
      ...(status.last_error === null ? [] : [`- last error: ${status.last_error.code} (${status.last_error.at})`]),
      `- tokens: ${status.tokens_used.input_tokens} in, ${status.tokens_used.output_tokens} out`,
      ...(budget === undefined ? [] : [`- ${budget}`]),
      ...status.session_grants.map((grant) => `- accepted for the session: ${grant}`),
      ...(limits === undefined ? [] : [`- ${limits}`]),
      ...(problem === null ? [] : [`- credential: ${problem}`]),
    ].join("\n");
  },
});
