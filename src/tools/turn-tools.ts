// The tools about a turn that was started before: get_turn and cancel_turn. Both answer as the call that started it would.
import * as z from "zod";
import { AppError, unwrap } from "../errors.ts";
import { agentOf, type CallContext } from "./call-context.ts";
import type { ToolAnnotations } from "./define-tool.ts";
import { type Envelope, failureEnvelope, toEnvelope } from "./envelope.ts";
import { AgentId, TurnParameters } from "./fields.ts";
import { invalidInput } from "./invalid-input.ts";
import { findCodexTool } from "./registry.ts";
import { toFailure } from "./run-codex-tool.ts";
import { waitForTurn } from "./wait-for-turn.ts";

export interface TurnTool {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  input: z.ZodObject;
  run(parameters: unknown, context: CallContext): Promise<Envelope>;
}

const TurnId = z
  .string()
  .regex(/^turn_[0-9a-z]{1,40}$/, "must be a turn_id from an earlier result")
  .describe("turn_id of an earlier result");
const OwnAgentId = AgentId.default("default").describe("The agent whose turn it is");

const GetTurn = z.strictObject({
  turn_id: TurnId,
  agent_id: OwnAgentId,
  wait_seconds: TurnParameters.shape.wait_seconds,
});
const CancelTurn = z.strictObject({ turn_id: TurnId, agent_id: OwnAgentId });

export const getTurn: TurnTool = {
  name: "get_turn",
  title: "Get a turn",
  description: "The state or result of a turn that an earlier call started; waits for it up to wait_seconds.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: GetTurn,
  run: (parameters, context) =>
    answer("get_turn", GetTurn, parameters, context, async ({ turn_id, agent_id, wait_seconds }) => {
      const agent = agentOf(context, agent_id);
      const waitMs = (wait_seconds ?? context.config.TURN_WAIT_SECONDS) * 1_000;
      return waitForTurn(agent, unwrap(await agent.getTurn(turn_id)), waitMs, context);
    }),
};

export const cancelTurn: TurnTool = {
  name: "cancel_turn",
  title: "Cancel a turn",
  description: "Ends a turn that is waiting or at work. What it changed so far stays in the workspace.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: CancelTurn,
  run: (parameters, context) =>
    answer("cancel_turn", CancelTurn, parameters, context, async ({ turn_id, agent_id }) =>
      unwrap(await agentOf(context, agent_id).cancelTurn(turn_id)),
    ),
};

export const TURN_TOOLS: readonly TurnTool[] = [getTurn, cancelTurn];

async function answer<Input extends z.ZodObject>(
  name: string,
  schema: Input,
  parameters: unknown,
  context: CallContext,
  look: (input: z.infer<Input>) => Promise<Parameters<typeof toEnvelope>[0]>,
): Promise<Envelope> {
  const input = schema.safeParse(parameters);
  if (!input.success) return failureEnvelope(invalidInput(name, input.error));
  try {
    const view = await look(input.data);
    const tool = findCodexTool(view.tool);
    if (tool === undefined) throw new AppError("not_found", `This server no longer has the tool ${view.tool}.`);
    return toEnvelope(view, tool);
  } catch (error) {
    return failureEnvelope(toFailure(error, context));
  }
}
