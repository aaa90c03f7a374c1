import * as z from "zod";
import { unwrap } from "../errors.ts";
import { agentOf } from "./call-context.ts";
import { CheckpointId, OwnAgentId, TurnId } from "./fields.ts";
import { definePlainTool } from "./plain-tool.ts";

const RollbackInput = z
  .strictObject({
    agent_id: OwnAgentId,
    turn_id: TurnId.optional().describe("Back to after this turn"),
    checkpoint_id: CheckpointId.optional().describe("Or to this checkpoint"),
  })
  .refine(({ turn_id, checkpoint_id }) => (turn_id === undefined) !== (checkpoint_id === undefined), {
    error: "give either turn_id or checkpoint_id",
    path: ["turn_id"],
    when: ({ issues }) => issues.length === 0,
  });

export const rollback = definePlainTool({
  name: "rollback",
  title: "Roll back",
  description: "Brings files and conversation back to after a turn. undo_checkpoint_id in the answer undoes it.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  scope: "codex:run",
  input: RollbackInput,
  output: { checkpoint_id: "string", conversation_id: "string", undo_checkpoint_id: "string" },
  run: async ({ agent_id, turn_id, checkpoint_id }, context) => {
    const done = unwrap(await agentOf(context, agent_id).rollBack(turn_id ?? checkpoint_id ?? ""));
    return { agent_id, ...done };
  },
  text: ({ agent_id, checkpoint_id, conversation_id, undo_checkpoint_id }) =>
    [
      `**Rolled back ${agent_id}**`,
      `- files: ${checkpoint_id ?? "none"}`,
      `- conversation: ${conversation_id}`,
      `- to undo it: rollback with checkpoint_id "${undo_checkpoint_id}"`,
    ].join("\n"),
});
