// The MCP server of one request: all tools, for one caller. https://modelcontextprotocol.io/specification
import {
  type Implementation,
  McpServer,
  requireScopes,
  type ServerOptions,
  type StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import { TOOLS } from "../tools/catalogue.ts";
import { VERSION } from "../version.ts";
import { handleToolCalls } from "./call-tool.ts";
import { TASKS_EXTENSION } from "./client-abilities.ts";
import { completionsFor } from "./completions.ts";
import { ICON } from "./icon.ts";
import { registerPrompts } from "./prompts.ts";
import { registerResources } from "./resources.ts";
import { handleTasks } from "./tasks.ts";
import { turnTasks } from "./turn-tasks.ts";

const INSTRUCTIONS = `Each agent_id is a Codex of its own, with its own workspace and a conversation that it remembers.
Use the same agent_id to go on with the same work, another one for independent work side by side.
A call that takes long returns status "running" and a turn_id: the turn goes on, get_turn brings its result.
Status "awaiting_approval" means that Codex asks the user: show what it asks, then call answer_approval with the user's decision.
"evidence" in a result is what was observed (diff, commands with exit codes); "result" is what Codex says.
read_turn brings the rest of a long result, the diff, the transcript or the log of a turn.`;

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
    extensions: { [TASKS_EXTENSION]: {} },
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
const LISTED_TOOLS = TOOLS.map(({ name, title, description, annotations, scope, inputSchema, outputSchema }) => ({
  name,
  title,
  description,
  annotations,
  // Over HTTP answered with 403 before the call begins, so that a client can ask its user for more.
  scopeChallenge: requireScopes(scope),
  inputSchema: advertised(inputSchema),
  outputSchema: advertised(outputSchema),
}));

/** For the agents of one user. Which request is whose, and what it may do, comes with the request. */
export function createServer(env: Cloudflare.Env, userId: string): McpServer {
  const server = new McpServer(INFO, OPTIONS);
  const completions = completionsFor(env, userId);
  registerResources(server, env, completions);
  registerPrompts(server, completions);
  for (const { name, ...tool } of LISTED_TOOLS) server.registerTool(name, tool, neverCalled);
  handleToolCalls(server, env);
  handleTasks(server, turnTasks(env, server));
  return server;
}

/** Calls are handled for all tools alike: the SDK's own way to a tool knows no tasks. */
function neverCalled(): never {
  throw new Error("a tool was called past handleToolCalls");
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
