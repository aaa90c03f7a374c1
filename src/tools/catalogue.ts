// Every tool of the server in one shape, whatever it is made of and whatever transport serves it.
import * as z from "zod";
import type { Json } from "../agent/types.ts";
import type { ErrorCode } from "../errors.ts";
import { inputSchema, outputSchema } from "./advertise.ts";
import type { CallContext } from "./call-context.ts";
import { cleanupInactiveAgents } from "./cleanup-inactive-agents.ts";
import type { ToolAnnotations } from "./define-tool.ts";
import { type Envelope, isFailure } from "./envelope.ts";
import { getAgentStatus } from "./get-agent-status.ts";
import { getMySessionInfo } from "./get-my-session-info.ts";
import { healthCheck } from "./health-check.ts";
import { listActiveAgents } from "./list-active-agents.ts";
import { listSessions } from "./list-sessions.ts";
import { toMarkdown } from "./markdown.ts";
import type { PlainTool } from "./plain-tool.ts";
import { CODEX_TOOLS } from "./registry.ts";
import { runCodexTool } from "./run-codex-tool.ts";
import { TURN_TOOLS } from "./turn-tools.ts";

export interface ToolAnswer {
  structured: Record<string, unknown>;
  /** The same as short Markdown. */
  text: string;
  /** Null where all went well. */
  failure: ErrorCode | null;
}

export interface Tool {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
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
];

/** Made once: their JSON Schemas are the same for every request. */
export const TOOLS: readonly Tool[] = [
  ...CODEX_TOOLS.map((tool) => ({
    ...listed(tool),
    outputSchema: outputSchema(tool.result),
    run: async (parameters: unknown, context: CallContext) =>
      toAnswer(tool.name, await runCodexTool(tool, parameters, context)),
  })),
  ...TURN_TOOLS.map((tool) => ({
    ...listed(tool),
    outputSchema: outputSchema(z.looseObject({})),
    run: async (parameters: unknown, context: CallContext) => toAnswer(tool.name, await tool.run(parameters, context)),
  })),
  ...PLAIN_TOOLS.map((tool) => ({ ...listed(tool), outputSchema: tool.outputSchema, run: tool.run })),
];

type Listed = Pick<Tool, "name" | "title" | "description" | "annotations" | "inputSchema">;

function listed(tool: Omit<Listed, "inputSchema"> & { input: z.ZodObject }): Listed {
  const { name, title, description, annotations, input } = tool;
  return { name, title, description, annotations, inputSchema: inputSchema(input) };
}

function toAnswer(name: string, envelope: Envelope): ToolAnswer {
  // An envelope's code is widened to text by its schema; it is made from an ErrorCode only.
  const failure = isFailure(envelope) ? (envelope.error.code as ErrorCode) : null;
  return { structured: envelope, text: toMarkdown(name, envelope), failure };
}
