// The MCP server of one request: all tools, for one caller. https://modelcontextprotocol.io/specification
import { McpServer, type ServerContext, type StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { CallContext } from "../tools/call-context.ts";
import { type Envelope, envelopeSchema, isFailure } from "../tools/envelope.ts";
import { toMarkdown } from "../tools/markdown.ts";
import { CODEX_TOOLS } from "../tools/registry.ts";
import { runCodexTool } from "../tools/run-codex-tool.ts";
import { TURN_TOOLS } from "../tools/turn-tools.ts";
import { VERSION } from "../version.ts";
import { progressReporter } from "./progress.ts";

type CallBase = Omit<CallContext, "signal" | "onProgress">;

interface ListedTool {
  name: string;
  title: string;
  description: string;
  annotations: (typeof CODEX_TOOLS)[number]["annotations"];
  inputSchema: StandardSchemaWithJSON;
  outputSchema: StandardSchemaWithJSON;
  run(parameters: unknown, context: CallContext): Promise<Envelope>;
}

const INSTRUCTIONS = `Each agent_id is a Codex of its own, with its own workspace and a conversation that it remembers.
Use the same agent_id to go on with the same work, another one for independent work side by side.
A call that takes long returns status "running" and a turn_id: the turn goes on, get_turn brings its result.
"evidence" in a result is what was observed (diff, commands with exit codes); "result" is what Codex says.`;

/** Made once: their JSON Schemas are the same for every request. */
const LISTED_TOOLS: readonly ListedTool[] = [
  ...CODEX_TOOLS.map((tool) => ({
    ...tool,
    inputSchema: advertised(tool.input, "input"),
    outputSchema: advertised(envelopeSchema(tool.result), "output"),
    run: (parameters: unknown, context: CallContext) => runCodexTool(tool, parameters, context),
  })),
  ...TURN_TOOLS.map((tool) => ({
    ...tool,
    inputSchema: advertised(tool.input, "input"),
    outputSchema: advertised(envelopeSchema(z.looseObject({})), "output"),
  })),
];

export function createServer(base: CallBase): McpServer {
  const server = new McpServer(
    { name: "persistent-codex", title: "Persistent Codex", version: VERSION },
    { instructions: INSTRUCTIONS, capabilities: { tools: { listChanged: false } } },
  );
  for (const { run, ...tool } of LISTED_TOOLS) {
    server.registerTool(tool.name, tool, async (parameters: unknown, ctx: ServerContext) => {
      const context = { ...base, signal: ctx.mcpReq.signal, onProgress: progressReporter(ctx, base.log) };
      const envelope = await run(parameters, context);
      return {
        content: [{ type: "text", text: toMarkdown(tool.name, envelope) }],
        structuredContent: envelope,
        ...(isFailure(envelope) ? { isError: true } : {}),
      };
    });
  }
  return server;
}

/**
 * The schema as it is listed, without being applied by the SDK: parameters that do not fit are answered with an
 * envelope like every other failure, and envelopes are typed where they are made.
 */
function advertised(schema: z.ZodType, io: "input" | "output"): StandardSchemaWithJSON {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  const convert = (): Record<string, unknown> => json;
  return {
    "~standard": {
      version: 1,
      vendor: "persistent-codex",
      validate: (value) => ({ value }),
      jsonSchema: { input: convert, output: convert },
    },
  };
}
