// Carries out a call of a tool that runs Codex: parameters in, envelope out. It never throws for what a caller did.
import type * as z from "zod";
import type { TurnRequest, TurnView } from "../agent/types.ts";
import { AppError, unwrap } from "../errors.ts";
import { agentOf, type CallContext } from "./call-context.ts";
import type { CodexTool } from "./define-tool.ts";
import { type Envelope, failureEnvelope, toEnvelope } from "./envelope.ts";
import { invalidInput, refusal } from "./invalid-input.ts";
import { waitForTurn } from "./wait-for-turn.ts";

export async function runCodexTool(tool: CodexTool, parameters: unknown, context: CallContext): Promise<Envelope> {
  const input = tool.input.safeParse(parameters);
  if (!input.success) return failureEnvelope(invalidInput(tool.name, input.error));
  const problem = tool.check(input.data) ?? tooLong(tool.prompt(input.data));
  if (problem !== undefined) return failureEnvelope(refusal(tool.name, problem));
  const turn = tool.turnParameters(input.data);
  try {
    const started = await startOrResume(agentOf(context, turn.agent_id), tool, input.data, context);
    const waitMs = (turn.wait_seconds ?? context.config.TURN_WAIT_SECONDS) * 1_000;
    const waited = await waitForTurn(started, waitMs, context).catch(async (error: unknown) => {
      // The turn is under way all the same: its caller must learn its id.
      if (error instanceof AppError && error.code === "busy")
        return unwrap(await agentOf(context, turn.agent_id).getTurn(started.turn_id));
      throw error;
    });
    // Only the call that asked for the turn ends it. To wait for it by get_turn changes nothing, nor does to stop waiting.
    const isCancelled = context.isCancelled?.() === true;
    const ended = isCancelled ? unwrap(await agentOf(context, turn.agent_id).cancelTurn(started.turn_id)) : waited;
    return toEnvelope(ended, tool, context.origin);
  } catch (error) {
    return failureEnvelope(toFailure(error, context), "failed", { agent_id: turn.agent_id });
  }
}

async function startOrResume(
  agent: ReturnType<typeof agentOf>,
  tool: CodexTool,
  input: z.infer<CodexTool["input"]>,
  context: CallContext,
): Promise<TurnView> {
  if (context.resume !== undefined) {
    const resumed = unwrap(await agent.getTurn(context.resume));
    if (resumed.tool === tool.name) return resumed;
    throw new AppError("invalid_input", `This turn was started by ${resumed.tool}. Read it with get_turn.`);
  }
  const { success: isAdmitted } = await context.turnRate.limit({ key: context.userId });
  if (!isAdmitted) throw new AppError("busy", "You have started too many turns in the last minute. Wait for a minute.");
  const started = unwrap(await agent.startTurn(toRequest(tool, input, context)));
  context.log.info("turn accepted", { tool: tool.name, turn_id: started.turn_id, agent_id: started.agent_id });
  return started;
}

/** The longest parameter, 1 MiB, with what we add to it, and some more. */
const MAX_PROMPT_CHARS = 1_200_000;

function tooLong(prompt: string): string | undefined {
  if (prompt.length <= MAX_PROMPT_CHARS) return undefined;
  return `together the texts make a prompt of ${prompt.length} characters; the limit is ${MAX_PROMPT_CHARS}`;
}

/** The failure to show: the thrower's own words if it meant to be seen, else a general one, and the log has the rest. */
export function toFailure(error: unknown, { log }: CallContext): { code: AppError["code"]; message: string } {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  log.error("tool call failed unexpectedly", { error });
  return {
    code: "internal",
    message: "The server failed in a way it did not expect. Try again; the log has the details.",
  };
}

function toRequest(tool: CodexTool, input: z.infer<CodexTool["input"]>, context: CallContext): TurnRequest {
  const turn = tool.turnParameters(input);
  return {
    user_id: context.userId,
    agent_id: turn.agent_id,
    tool: tool.name,
    prompt: tool.prompt(input),
    output_schema: tool.codexSchema,
    access: tool.access,
    model: turn.model ?? context.config.CODEX_MODEL ?? null,
    effort: turn.effort ?? null,
    conversation_id: turn.conversation_id ?? null,
    request_id: turn.request_id ?? null,
    timeout_ms: context.config.TURN_TIMEOUT_SECONDS * 1_000,
    approval_mode: context.config.CODEX_APPROVAL_MODE,
    approval_timeout_ms: context.config.APPROVAL_TIMEOUT_SECONDS * 1_000,
    correlation_id: context.correlationId,
  };
}
