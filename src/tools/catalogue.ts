// Every tool of the server in one shape, whatever it is made of and whatever transport serves it.
import * as z from "zod";
import type { Json } from "../agent/types.ts";
import type { ErrorCode } from "../errors.ts";
import type { Scope } from "../lib/scopes.ts";
import { inputSchema, outputSchema } from "./advertise.ts";
import type { CallContext } from "./call-context.ts";
import { cleanupInactiveAgents } from "./cleanup-inactive-agents.ts";
import type { ToolAnnotations } from "./define-tool.ts";
import { type AskedApproval, type Envelope, failureEnvelope, isFailure } from "./envelope.ts";
import { fitAnswer } from "./fit-answer.ts";
import { getAgentStatus } from "./get-agent-status.ts";
import { getDiff } from "./get-diff.ts";
import { getMySessionInfo } from "./get-my-session-info.ts";
import { healthCheck } from "./health-check.ts";
import { importRepository } from "./import-repository.ts";
import { listActiveAgents } from "./list-active-agents.ts";
import { listCheckpoints } from "./list-checkpoints.ts";
import { listFiles } from "./list-files.ts";
import { listSessions } from "./list-sessions.ts";
import { toMarkdown } from "./markdown.ts";
import type { PlainTool } from "./plain-tool.ts";
import { readFiles } from "./read-files.ts";
import { readTurn } from "./read-turn.ts";
import { CODEX_TOOLS } from "./registry.ts";
import { revokeGrants } from "./revoke-grants.ts";
import { rollback } from "./rollback.ts";
import { runCodexTool } from "./run-codex-tool.ts";
import { getTurn, TURN_TOOLS } from "./turn-tools.ts";
import { writeFiles } from "./write-files.ts";

export interface ToolAnswer {
  structured: Record<string, unknown>;
  /** The same as short Markdown. */
  text: string;
  /** Null where all went well. */
  failure: ErrorCode | null;
  /** What a turn waits for; null where nothing waits. */
  pending: PendingApprovals | null;
}

export interface PendingApprovals {
  agent_id: string;
  turn_id: string;
  approvals: readonly AskedApproval[];
}

export interface Tool {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  /** What the caller's token must allow. */
  scope: Scope;
  /** Whether a call starts a turn and waits for it, waits for one that was started before, or neither. */
  turn: "starts" | "follows" | null;
  /** JSON Schemas, as clients list them. */
  inputSchema: { [key: string]: Json };
  outputSchema: { [key: string]: Json };
  run(parameters: unknown, context: CallContext): Promise<ToolAnswer>;
}

const PLAIN_TOOLS: readonly PlainTool[] = [
  listSessions,
  getMySessionInfo,
  healthCheck,
  getAgentStatus,
  listActiveAgents,
  cleanupInactiveAgents,
  readTurn,
  revokeGrants,
  listCheckpoints,
  rollback,
  importRepository,
  writeFiles,
  readFiles,
  listFiles,
  getDiff,
];

/** Made once: their JSON Schemas are the same for every request. */
export const TOOLS: readonly Tool[] = [
  ...CODEX_TOOLS.map((tool) => ({
    ...listed({ ...tool, scope: "codex:run" }),
    turn: "starts" as const,
    outputSchema: outputSchema(tool.result),
    run: async (parameters: unknown, context: CallContext) =>
      toAnswer(tool.name, await runCodexTool(tool, parameters, context)),
  })),
  ...TURN_TOOLS.map((tool) => ({
    ...listed(tool),
    turn: tool === getTurn ? ("follows" as const) : null,
    outputSchema: outputSchema(z.looseObject({})),
    run: async (parameters: unknown, context: CallContext) => toAnswer(tool.name, await tool.run(parameters, context)),
  })),
  ...PLAIN_TOOLS.map((tool) => ({ ...listed(tool), turn: null, outputSchema: tool.outputSchema, run: tool.run })),
].map((tool) => ({ ...tool, run: guarded(tool) }));

type Listed = Pick<Tool, "name" | "title" | "description" | "annotations" | "scope" | "inputSchema">;

function listed(tool: Omit<Listed, "inputSchema"> & { input: z.ZodObject }): Listed {
  const { name, title, description, annotations, scope, input } = tool;
  return { name, title, description, annotations, scope, inputSchema: inputSchema(input) };
}

/** Holds for every transport, also for those that have refused such a call before it comes here. */
function guarded({ name, scope, run }: Pick<Tool, "name" | "scope" | "run">): Tool["run"] {
  return async (parameters, context) => {
    if (context.scopes.includes(scope)) return run(parameters, context);
    const message = `Your token does not have the scope ${scope}, which ${name} needs. Sign in again and grant it.`;
    return toAnswer(name, failureEnvelope({ code: "forbidden", message }));
  };
}

export function toAnswer(name: string, envelope: Envelope): ToolAnswer {
  // An envelope's code is widened to text by its schema; it is made from an ErrorCode only.
  const failure = isFailure(envelope) ? (envelope.error.code as ErrorCode) : null;
  const structured = fitAnswer(envelope);
  return { structured, text: toMarkdown(name, structured), failure, pending: pendingOf(envelope) };
}

function pendingOf(envelope: Envelope): PendingApprovals | null {
  if (envelope.status !== "awaiting_approval") return null;
  const { agent_id, turn_id, approvals = [] } = envelope;
  return { agent_id, turn_id, approvals };
}
