// What a turn left behind, as resources: its transcript, its diff and its log. Templates only, since turns come and go all the time.
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
  requireScopes,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { AppError } from "../errors.ts";
import type { CallContext } from "../tools/call-context.ts";
import { AgentId, TurnId } from "../tools/fields.ts";
import { type ReadablePart, readTurnPart } from "../tools/turn-parts.ts";
import { toCallContext } from "./call-context.ts";
import type { Completions } from "./completions.ts";

interface TurnResource {
  part: ReadablePart;
  title: string;
  description: string;
  mimeType: string;
}

const TURN_RESOURCES: readonly TurnResource[] = [
  {
    part: "result",
    title: "Result of a turn",
    description: "The whole answer of the call that started it, nothing cut",
    mimeType: "application/json",
  },
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
    const audience = ["user" as const, "assistant" as const];
    const listed = {
      title,
      description,
      mimeType,
      annotations: { audience },
      scopeChallenge: requireScopes("codex:read"),
    };
    server.registerResource(`turn-${part}`, template, listed, async ({ href }, { agent_id, turn_id }, ctx) => {
      const text = await readTurn(toReader(ctx, env), { href, part, agent_id, turn_id });
      return { contents: [{ uri: href, mimeType, text }] } satisfies ReadResourceResult;
    });
  }
}

interface Wanted {
  href: string;
  part: ReadablePart;
  agent_id: unknown;
  turn_id: unknown;
}

/** A turn of somebody else is one that does not exist: it is looked for among the caller's own agents. */
async function readTurn(context: CallContext, { href, part, agent_id, turn_id }: Wanted): Promise<string> {
  const [agent, turn] = [AgentId.safeParse(agent_id), TurnId.safeParse(turn_id)];
  if (!agent.success || !turn.success) throw new ResourceNotFoundError(href);
  try {
    return await readTurnPart(context, agent.data, turn.data, part);
  } catch (error) {
    if (error instanceof AppError) throw new ResourceNotFoundError(href, error.message);
    throw error;
  }
}

function toReader(ctx: ServerContext, env: Cloudflare.Env): CallContext {
  const context = toCallContext(ctx, env);
  if (context.scopes.includes("codex:read")) return context;
  throw new ProtocolError(ProtocolErrorCode.InvalidRequest, "To read this the token needs the scope codex:read.");
}
