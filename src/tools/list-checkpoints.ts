import * as z from "zod";
import { agentOf } from "./call-context.ts";
import { OwnAgentId } from "./fields.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";

interface Checkpoints {
  agent_id: string;
  checkpoints: {
    checkpoint_id: string;
    reason: string;
    turn_ids: string[];
    conversation_id: string | null;
    bytes: number;
    is_base: boolean;
    is_current: boolean;
    is_damaged: boolean;
    created_at: string;
  }[];
}

export const listCheckpoints = definePlainTool({
  name: "list_checkpoints",
  title: "List checkpoints",
  description: "States of the agent's files that rollback can go back to, newest first, with the turns they follow.",
  annotations: READ_ONLY,
  input: z.strictObject({ agent_id: OwnAgentId }),
  output: { checkpoints: "array" },
  run: async ({ agent_id }, context): Promise<Checkpoints> => {
    const found = await agentOf(context, agent_id).listCheckpoints();
    const toText = (at: number): string => new Date(at).toISOString();
    return { agent_id, checkpoints: found.map((one) => ({ ...one, created_at: toText(one.created_at) })) };
  },
  text: ({ checkpoints }) =>
    [
      `**${checkpoints.length} checkpoint(s)**`,
      ...checkpoints.map(({ checkpoint_id, created_at, reason, turn_ids, is_current, is_damaged }) => {
        const marks = `${is_current ? ", current" : ""}${is_damaged ? ", damaged" : ""}`;
        return `- ${checkpoint_id} (${created_at}, ${reason}${marks}): ${turn_ids.join(", ") || "no turn"}`;
      }),
    ].join("\n"),
});
