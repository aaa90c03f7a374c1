import * as z from "zod";
import { agentOf } from "./call-context.ts";
import { type CurrentTurn, toCurrentTurn } from "./current-turn.ts";
import { OwnAgentId } from "./fields.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { type SessionInfo, sessionLine, toSessionInfo } from "./session-info.ts";

interface MySession {
  caller: { user_id: string; client_id: string; scopes: readonly string[] };
  /** Null until the agent gets its first turn. */
  session: SessionInfo | null;
  conversation_id: string | null;
  current_turn: CurrentTurn | null;
}

export const getMySessionInfo = definePlainTool({
  name: "get_my_session_info",
  title: "Get my session",
  description: "Who you are to this server, and the agent's session with its conversation and turn.",
  annotations: READ_ONLY,
  input: z.strictObject({ agent_id: OwnAgentId }),
  output: { caller: "object" },
  run: async ({ agent_id }, context): Promise<MySession> => {
    const found = await agentOf(context, agent_id).describe({});
    return {
      caller: { user_id: context.userId, client_id: context.clientId, scopes: context.scopes },
      session: found && toSessionInfo(found.state),
      conversation_id: found?.state.conversation_id ?? null,
      current_turn: toCurrentTurn(found?.current_turn ?? null),
    };
  },
  text: ({ caller, session, current_turn }) =>
    [
      `**${caller.user_id}** by ${caller.client_id}, scopes: ${caller.scopes.join(", ")}`,
      session === null ? "This agent has not been used yet." : sessionLine(session),
      ...(current_turn === null ? [] : [`Turn ${current_turn.turn_id} (${current_turn.tool}): ${current_turn.status}`]),
    ].join("\n"),
});
