// The tools about a turn that was started before. Each answers as the call that started it would.
import * as z from "zod";
import { ApprovalDecision } from "../../container/protocol.ts";
import type { TurnView } from "../agent/types.ts";
import { unwrap } from "../errors.ts";
import type { Scope } from "../lib/scopes.ts";
import { agentOf, type CallContext } from "./call-context.ts";
import type { ToolAnnotations } from "./define-tool.ts";
import { type Envelope, failureEnvelope } from "./envelope.ts";
import { OwnAgentId, Text, TurnId, TurnParameters } from "./fields.ts";
import { invalidInput } from "./invalid-input.ts";
import { toFailure } from "./run-codex-tool.ts";
import { envelopeOf } from "./turn-parts.ts";
import { waitForTurn } from "./wait-for-turn.ts";

export interface TurnTool {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  scope: Scope;
  input: z.ZodObject;
  run(parameters: unknown, context: CallContext): Promise<Envelope>;
}

const GetTurn = z.strictObject({
  turn_id: TurnId,
  agent_id: OwnAgentId,
  wait_seconds: TurnParameters.shape.wait_seconds,
});
const CancelTurn = z.strictObject({ turn_id: TurnId, agent_id: OwnAgentId });

const AnswerApproval = z.strictObject({
  turn_id: TurnId,
  agent_id: OwnAgentId,
  approval_id: z.string().regex(/^approval_[0-9a-f]{1,40}$/, "must be an approval_id of that turn"),
  decision: ApprovalDecision,
});
const SteerTurn = z.strictObject({ turn_id: TurnId, agent_id: OwnAgentId, message: Text });

export const getTurn: TurnTool = {
  name: "get_turn",
  title: "Get a turn",
  description: "The state or result of a turn that an earlier call started; waits for it up to wait_seconds.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  scope: "codex:read",
  input: GetTurn,
  run: (parameters, context) =>
    answer("get_turn", GetTurn, parameters, context, async ({ turn_id, agent_id, wait_seconds }) => {
      const waitMs = (wait_seconds ?? context.config.TURN_WAIT_SECONDS) * 1_000;
      return waitForTurn(unwrap(await agentOf(context, agent_id).getTurn(turn_id)), waitMs, context);
    }),
};

export const cancelTurn: TurnTool = {
  name: "cancel_turn",
  title: "Cancel a turn",
  description: "Ends a turn that is waiting or at work. What it changed so far stays in the workspace.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  scope: "codex:run",
  input: CancelTurn,
  run: (parameters, context) =>
    answer("cancel_turn", CancelTurn, parameters, context, async ({ turn_id, agent_id }) =>
      unwrap(await agentOf(context, agent_id).cancelTurn(turn_id)),
    ),
};

const answerApproval: TurnTool = {
  name: "answer_approval",
  title: "Answer an approval",
  description:
    "Decides on what a turn in status awaiting_approval asks. Only with the user's decision: what is accepted is carried out.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  scope: "codex:run",
  input: AnswerApproval,
  run: (parameters, context) =>
    answer("answer_approval", AnswerApproval, parameters, context, async (input) => {
      const agent = agentOf(context, input.agent_id);
      return unwrap(await agent.answerApproval(input.turn_id, input.approval_id, input.decision));
    }),
};

const steerTurn: TurnTool = {
  name: "steer_turn",
  title: "Steer a turn",
  description: "Says something to a Codex that is at work; it hears it before its next step.",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  scope: "codex:run",
  input: SteerTurn,
  run: (parameters, context) =>
    answer("steer_turn", SteerTurn, parameters, context, async ({ turn_id, agent_id, message }) =>
      unwrap(await agentOf(context, agent_id).steerTurn(turn_id, message)),
    ),
};

export const TURN_TOOLS: readonly TurnTool[] = [getTurn, cancelTurn, answerApproval, steerTurn];

async function answer<Input extends z.ZodObject>(
  name: string,
  schema: Input,
  parameters: unknown,
  context: CallContext,
  look: (input: z.infer<Input>) => Promise<TurnView>,
): Promise<Envelope> {
  const input = schema.safeParse(parameters);
  if (!input.success) return failureEnvelope(invalidInput(name, input.error));
  try {
    return envelopeOf(await look(input.data), context);
  } catch (error) {
    return failureEnvelope(toFailure(error, context));
  }
}
