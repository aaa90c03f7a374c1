// What a client can offer while a person types an id: the user's own agents, and the turns of the one that is chosen.
import { OwnAgentId } from "../tools/fields.ts";

export interface Completions {
  agentIds(typed: string): Promise<string[]>;
  turnIds(typed: string, context?: { arguments?: Record<string, string> }): Promise<string[]>;
}

/** Of them the SDK sends 100 at most. */
const MAX_AGENTS = 200;

/** Completion requests carry no token of their own to the handler, so the user is fixed: that of the session or request. */
export function completionsFor(env: Cloudflare.Env, userId: string): Completions {
  return {
    agentIds: async (typed) => {
      const list = await env.DIRECTORY.getByName(userId).list({ limit: MAX_AGENTS });
      return list.ok ? list.value.agents.map(({ agent_id }) => agent_id).filter((id) => id.startsWith(typed)) : [];
    },
    turnIds: async (typed, context) => {
      const agentId = OwnAgentId.safeParse(context?.arguments?.agent_id);
      // Not looked for: whatever the name, an object would be made to look in.
      if (!agentId.success) return [];
      const agent = env.CODEX_AGENT.getByName(`${userId}/${agentId.data}`);
      return (await agent.newestTurns()).filter((id) => id.startsWith(typed));
    },
  };
}
