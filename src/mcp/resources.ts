// What a turn left behind, as resources: its transcript, its diff and its log. Templates only, since turns come and go all the time.
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { TurnPart } from "../agent/turn-text.ts";
import { agentOf, type CallContext } from "../tools/call-context.ts";
import { AgentId } from "../tools/fields.ts";
import { TurnId } from "../tools/turn-tools.ts";
import { toCallContext } from "./call-context.ts";
import type { Completions } from "./completions.ts";

interface TurnResource {
  part: TurnPart;
  title: string;
  description: string;
  mimeType: string;
}

const TURN_RESOURCES: readonly TurnResource[] = [
  {
    part: "transcript",
    title: "Transcript of a turn",
    description: "What Codex was asked, what it said and ran, and what it answered",
    mimeType: "text/markdown",
  },
  {
    part: "diff",
    title: "Diff of a turn",
    description: "What the turn changed in the workspace, as it was observed; empty if nothing",
    mimeType: "text/x-diff",
  },
  {
    part: "log",
    title: "Log of a turn",
    description: "What happened in the turn, one line each with its time",
    mimeType: "text/plain",
  },
];

export function registerResources(server: McpServer, env: Cloudflare.Env, completions: Completions): void {
  for (const { part, title, description, mimeType } of TURN_RESOURCES) {
    const uri = `codex://agents/{agent_id}/turns/{turn_id}/${part}`;
    const complete = { agent_id: completions.agentIds, turn_id: completions.turnIds };
    const template = new ResourceTemplate(uri, { list: undefined, complete });
    const listed = { title, description, mimeType, annotations: { audience: ["user" as const, "assistant" as const] } };
    server.registerResource(`turn-${part}`, template, listed, async ({ href }, { agent_id, turn_id }, ctx) => {
      const text = await readTurn(toReader(ctx, env), { href, part, agent_id, turn_id });
      return { contents: [{ uri: href, mimeType, text }] } satisfies ReadResourceResult;
    });
  }
}

interface Wanted {
  href: string;
  part: TurnPart;
  agent_id: unknown;
  turn_id: unknown;
}

/** A turn of somebody else is one that does not exist: it is looked for among the caller's own agents. */
async function readTurn(context: CallContext, { href, part, agent_id, turn_id }: Wanted): Promise<string> {
  const [agent, turn] = [AgentId.safeParse(agent_id), TurnId.safeParse(turn_id)];
  if (!agent.success || !turn.success) throw new ResourceNotFoundError(href);
  const text = await agentOf(context, agent.data).turnText(turn.data, part);
  if (!text.ok) throw new ResourceNotFoundError(href, text.message);
  return text.value;
}

function toReader(ctx: ServerContext, env: Cloudflare.Env): CallContext {
  const context = toCallContext(ctx, env);
  if (context.scopes.includes("codex:read")) return context;
  throw new ProtocolError(ProtocolErrorCode.InvalidRequest, "To read this the token needs the scope codex:read.");
}
