// The MCP server of one request: all tools, for one caller. https://modelcontextprotocol.io/specification
import {
  type Implementation,
  McpServer,
  type ServerContext,
  type ServerOptions,
  type StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import { TOOLS } from "../tools/catalogue.ts";
import { VERSION } from "../version.ts";
import { toCallContext } from "./call-context.ts";
import { completionsFor } from "./completions.ts";
import { ICON } from "./icon.ts";
import { registerPrompts } from "./prompts.ts";
import { registerResources } from "./resources.ts";

const INSTRUCTIONS = `Each agent_id is a Codex of its own, with its own workspace and a conversation that it remembers.
Use the same agent_id to go on with the same work, another one for independent work side by side.
A call that takes long returns status "running" and a turn_id: the turn goes on, get_turn brings its result.
"evidence" in a result is what was observed (diff, commands with exit codes); "result" is what Codex says.
More of a turn is in the resources codex://agents/{agent_id}/turns/{turn_id}/transcript, /diff and /log.`;

const INFO: Implementation = {
  name: "persistent-codex",
  title: "Persistent Codex",
  version: VERSION,
  description: "Gives every agent its own Codex, with a workspace and a conversation that last.",
  icons: [ICON],
};

/** Lists change with a deploy only. Private all the same: they are answers to a request with a token. */
const LISTS = { ttlMs: 300_000, cacheScope: "private" } as const;
const OPTIONS: ServerOptions = {
  instructions: INSTRUCTIONS,
  capabilities: {
    tools: { listChanged: false },
    resources: { listChanged: false },
    prompts: { listChanged: false },
    completions: {},
  },
  cacheHints: {
    "server/discover": LISTS,
    "tools/list": LISTS,
    "prompts/list": LISTS,
    "resources/list": LISTS,
    "resources/templates/list": LISTS,
  },
};

/** Made once: their JSON Schemas are the same for every request. */
const LISTED_TOOLS = TOOLS.map(({ inputSchema, outputSchema, ...tool }) => ({
  ...tool,
  inputSchema: advertised(inputSchema),
  outputSchema: advertised(outputSchema),
}));

/** For the agents of one user. Which request is whose, and what it may do, comes with the request. */
export function createServer(env: Cloudflare.Env, userId: string): McpServer {
  const server = new McpServer(INFO, OPTIONS);
  const completions = completionsFor(env, userId);
  registerResources(server, env, completions);
  registerPrompts(server, completions);
  for (const { run, ...tool } of LISTED_TOOLS) {
    server.registerTool(tool.name, tool, async (parameters: unknown, ctx: ServerContext) => {
      const { structured, text, failure } = await run(parameters, toCallContext(ctx, env));
      return {
        content: [{ type: "text", text }],
        structuredContent: structured,
        ...(failure === null ? {} : { isError: true }),
      };
    });
  }
  return server;
}

/**
 * The schema as it is listed, without being applied by the SDK: parameters that do not fit are answered with an
 * envelope like every other failure, and envelopes are typed where they are made.
 */
function advertised(schema: Record<string, unknown>): StandardSchemaWithJSON {
  const convert = (): Record<string, unknown> => schema;
  return {
    "~standard": {
      version: 1,
      vendor: "persistent-codex",
      validate: (value) => ({ value }),
      jsonSchema: { input: convert, output: convert },
    },
  };
}
