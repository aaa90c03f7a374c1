// The tasks extension on the wire (SEP-2663): `tasks/get`, `tasks/update`, `tasks/cancel`, for clients that declare it with their
// request. What a task is made of is the source's business.
// https://modelcontextprotocol.io/seps/2663-tasks-extension
import {
  type CallToolResult,
  type InputRequests,
  type McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { hasTasks, TASKS_EXTENSION } from "./client-abilities.ts";

export interface Task {
  taskId: string;
  status: "working" | "input_required" | "completed" | "failed" | "cancelled";
  statusMessage?: string;
  /** ISO 8601, as the next one. */
  createdAt: string;
  lastUpdatedAt: string;
  /** From the creation; may change while the task lasts. */
  ttlMs: number | null;
  pollIntervalMs: number;
}

/** With what belongs to its status. */
export interface DetailedTask extends Task {
  inputRequests?: InputRequests;
  result?: CallToolResult;
  error?: { code: number; message: string };
}

export interface TaskSource {
  /** Undefined for a task that the caller does not have. */
  get(taskId: string, ctx: ServerContext): Promise<DetailedTask | undefined>;
  /** Takes those answers that are waited for, and ignores all others. False for a task that the caller does not have. */
  update(taskId: string, responses: Record<string, unknown>, ctx: ServerContext): Promise<boolean>;
  /** False for a task that the caller does not have. */
  cancel(taskId: string, ctx: ServerContext): Promise<boolean>;
}

const TaskParams = { params: z.looseObject({ taskId: z.string().max(256) }) };

/** The server must declare the extension among its capabilities. */
export function handleTasks(server: McpServer, source: TaskSource): void {
  const low = server.server;
  low.setRequestHandler("tasks/get", TaskParams, async ({ taskId }, ctx) => {
    requireTasks(ctx);
    const task = await source.get(taskId, ctx);
    if (task === undefined) throw notFound();
    return { resultType: "complete", ...task };
  });
  low.setRequestHandler("tasks/update", TaskParams, async ({ taskId }, ctx) => {
    requireTasks(ctx);
    if (!(await source.update(taskId, { ...ctx.mcpReq.inputResponses }, ctx))) throw notFound();
    return { resultType: "complete" };
  });
  low.setRequestHandler("tasks/cancel", TaskParams, async ({ taskId }, ctx) => {
    requireTasks(ctx);
    if (!(await source.cancel(taskId, ctx))) throw notFound();
    return { resultType: "complete" };
  });
}

/** The result of a `tools/call` that goes on as a task, which can be looked up by now. */
export function createTask({ inputRequests, result, error, ...task }: DetailedTask): { resultType: "task" } & Task {
  return { resultType: "task", ...task };
}

export function requireTasks(ctx: ServerContext): void {
  if (hasTasks(ctx)) return;
  const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } };
  throw new MissingRequiredClientCapabilityError({ requiredCapabilities });
}

function notFound(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, "There is no such task, or it has expired.");
}
