// Carries out `tools/call`. A call that waits for a turn may need more than one round: what the turn asks is put to the client's
// user, and the call goes on with the same turn. A client that declares tasks gets one in place of a turn that still runs.
import {
  type CallToolResult,
  type InputRequiredResult,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import type { CallContext } from "../tools/call-context.ts";
import { TOOLS, type Tool } from "../tools/catalogue.ts";
import { OwnAgentId } from "../tools/fields.ts";
import { approvalsRequired, askOnStream, handOnAnswers, RequestState } from "./ask-for-approval.ts";
import { toCallContext } from "./call-context.ts";
import { canElicit, hasTasks, isModern } from "./client-abilities.ts";
import { createTask, type Task } from "./tasks.ts";
import { toResult } from "./tool-result.ts";
import { turnTask } from "./turn-tasks.ts";

type Result = CallToolResult | InputRequiredResult | ({ resultType: "task" } & Task);

/** Clients give up after 10 (Claude Code). The turn does not: get_turn goes on from there. */
const MAX_ROUNDS = 6;

const BY_NAME: ReadonlyMap<string, Tool> = new Map(TOOLS.map((tool) => [tool.name, tool]));
/** Of the parameters only what names the agent: the tool itself looks at all of them. */
const AgentParameters = z.object({ agent_id: OwnAgentId });

export function handleToolCalls(server: McpServer, env: Cloudflare.Env): void {
  server.server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    const tool = BY_NAME.get(params.name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Tool ${params.name} not found`);
    // The SDK's type of the result knows no tasks; they pass as they are.
    return (await callTool(tool, params.arguments ?? {}, {
      ctx,
      server,
      context: toCallContext(ctx, env),
    })) as CallToolResult;
  });
}

interface Call {
  ctx: ServerContext;
  server: McpServer;
  context: CallContext;
}

async function callTool(tool: Tool, parameters: Record<string, unknown>, call: Call): Promise<Result> {
  const { ctx, context } = call;
  if (tool.turn === "starts" && hasTasks(ctx)) return startTask(tool, parameters, call);
  const state = readState(ctx);
  let mayAsk = canElicit(ctx, call.server) && context.scopes.includes("codex:run");
  let resume = state?.turn_id;
  if (state !== undefined) mayAsk &&= await takeAnswers(state, parameters, call);
  for (let round = state?.round ?? 0; ; round++) {
    const answer = await tool.run(parameters, resume === undefined ? context : { ...context, resume });
    const { pending } = answer;
    if (pending === null || tool.turn === null || !mayAsk || round >= MAX_ROUNDS) return toResult(answer);
    if (isModern(ctx)) return approvalsRequired(pending, round + 1);
    resume = pending.turn_id;
    mayAsk = await askOnStream(pending, ctx, context);
  }
}

/** Waits only as long as the caller asked for; most who declare tasks would rather not wait at all. */
async function startTask(tool: Tool, parameters: Record<string, unknown>, call: Call): Promise<Result> {
  const { ctx, server, context } = call;
  const answer = await tool.run({ wait_seconds: 0, ...parameters }, context);
  const { status, agent_id, turn_id } = answer.structured;
  if (status !== "running" && status !== "awaiting_approval") return toResult(answer);
  const turn = { agent_id: String(agent_id), turn_id: String(turn_id) };
  return createTask(await turnTask(context, turn, canElicit(ctx, server)));
}

function readState({ mcpReq }: ServerContext): RequestState | undefined {
  const text = mcpReq.requestState();
  if (text === undefined) return undefined;
  try {
    return RequestState.parse(JSON.parse(String(text)));
  } catch {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "This requestState is not one of this server.");
  }
}

/** Returns false where the client brought no decision: it is not asked a second time. */
async function takeAnswers(
  { turn_id }: RequestState,
  parameters: Record<string, unknown>,
  { ctx, context }: Call,
): Promise<boolean> {
  const named = AgentParameters.safeParse({ agent_id: parameters.agent_id });
  const responses = { ...ctx.mcpReq.inputResponses };
  if (!named.success || Object.keys(responses).length === 0) return false;
  return handOnAnswers(responses, { agent_id: named.data.agent_id, turn_id }, context);
}
