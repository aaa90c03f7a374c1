// Turns as tasks. A task is nothing of its own: its id names an agent of the caller and a turn of that agent, and it lasts as
// long as the turn's result.
import { type McpServer, ProtocolError, ProtocolErrorCode, type ServerContext } from "@modelcontextprotocol/server";
import { isSettled, type TurnView } from "../agent/types.ts";
import { AppError, unwrap } from "../errors.ts";
import type { Scope } from "../lib/scopes.ts";
import { agentOf, type CallContext } from "../tools/call-context.ts";
import { toAnswer } from "../tools/catalogue.ts";
import type { Envelope } from "../tools/envelope.ts";
import { AgentId, TurnId } from "../tools/fields.ts";
import { envelopeOf } from "../tools/turn-parts.ts";
import { approvalForm } from "./approval-form.ts";
import { handOnAnswers } from "./ask-for-approval.ts";
import { toCallContext } from "./call-context.ts";
import { canElicit } from "./client-abilities.ts";
import type { DetailedTask, Task, TaskSource } from "./tasks.ts";
import { toResult } from "./tool-result.ts";

interface TurnName {
  agent_id: string;
  turn_id: string;
}

const POLL_INTERVAL_MS = 1_000;

/** No turn id holds a dot. */
const TASK_ID = /^([^.]+)\.(.+)$/;

export function turnTasks(env: Cloudflare.Env, server: McpServer): TaskSource {
  return {
    get: (taskId, ctx) => {
      const context = allowed(ctx, env, "codex:read");
      return withTurn(taskId, async (turn) => turnTask(context, turn, canElicit(ctx, server)));
    },
    update: (taskId, responses, ctx) => {
      const context = allowed(ctx, env, "codex:run");
      return isDone(taskId, async (turn) => {
        await lookUp(context, turn);
        await handOnAnswers(responses, turn, context);
      });
    },
    cancel: (taskId, ctx) => {
      const context = allowed(ctx, env, "codex:run");
      return isDone(taskId, async ({ agent_id, turn_id }) => {
        unwrap(await agentOf(context, agent_id).cancelTurn(turn_id));
      });
    },
  };
}

/** `canAsk`: whether the client can put an approval to its user; else somebody has to answer it by other means. */
export async function turnTask(context: CallContext, turn: TurnName, canAsk: boolean): Promise<DetailedTask> {
  const view = await lookUp(context, turn);
  return {
    ...taskOf(view, context.config.RESULT_TTL_SECONDS * 1_000),
    ...detailOf(view, envelopeOf(view, context), canAsk),
  };
}

function taskOf(view: TurnView, resultTtlMs: number): Omit<Task, "status"> {
  const updatedAt = view.settled_at ?? view.started_at ?? view.created_at;
  return {
    taskId: `${view.turn_id}.${view.agent_id}`,
    createdAt: new Date(view.created_at).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
    // Results are deleted some time after their turn has settled, so as long as it is open there is no end to tell.
    ttlMs: view.settled_at === null ? null : view.settled_at - view.created_at + resultTtlMs,
    pollIntervalMs: POLL_INTERVAL_MS,
  };
}

function detailOf(
  view: TurnView,
  envelope: Envelope,
  canAsk: boolean,
): Pick<DetailedTask, "status" | "statusMessage" | "inputRequests" | "result"> {
  if (view.status === "cancelled") return { status: "cancelled", statusMessage: view.error?.message ?? "Cancelled" };
  if (isSettled(view.status)) {
    // A turn that failed is a call that was answered: with an error of the tool, and not of the protocol.
    return { status: "completed", result: toResult(toAnswer(view.tool, envelope)) };
  }
  if (envelope.status === "awaiting_approval" && canAsk) {
    const asked = (envelope.approvals ?? []).map((approval) => {
      const params = approvalForm(approval, view.agent_id);
      return [approval.approval_id, { method: "elicitation/create" as const, params }] as const;
    });
    return { status: "input_required", inputRequests: Object.fromEntries(asked) };
  }
  const statusMessage =
    view.status === "awaiting_approval" && "next" in envelope ? envelope.next : view.progress.at(-1);
  return { status: "working", ...(statusMessage === undefined ? {} : { statusMessage }) };
}

async function lookUp(context: CallContext, { agent_id, turn_id }: TurnName): Promise<TurnView> {
  return unwrap(await agentOf(context, agent_id).getTurn(turn_id));
}

/** Undefined where the id names no turn, or one that does not exist among the caller's own. */
async function withTurn<T>(taskId: string, work: (turn: TurnName) => Promise<T>): Promise<T | undefined> {
  const [, turnId, agentId] = TASK_ID.exec(taskId) ?? [];
  const [turn, agent] = [TurnId.safeParse(turnId), AgentId.safeParse(agentId)];
  if (!turn.success || !agent.success) return undefined;
  try {
    return await work({ agent_id: agent.data, turn_id: turn.data });
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return undefined;
    throw error;
  }
}

async function isDone(taskId: string, work: (turn: TurnName) => Promise<void>): Promise<boolean> {
  return (await withTurn(taskId, (turn) => work(turn).then(() => true))) ?? false;
}

function allowed(ctx: ServerContext, env: Cloudflare.Env, scope: Scope): CallContext {
  const context = toCallContext(ctx, env);
  if (context.scopes.includes(scope)) return context;
  throw new ProtocolError(ProtocolErrorCode.InvalidRequest, `For this the token needs the scope ${scope}.`);
}
