// What can be read of a turn besides its envelope, each as one text.
import type { TurnPart } from "../agent/turn-text.ts";
import type { TurnView } from "../agent/types.ts";
import { AppError, unwrap } from "../errors.ts";
import { agentOf, type CallContext } from "./call-context.ts";
import { type Envelope, toEnvelope } from "./envelope.ts";
import { findCodexTool } from "./registry.ts";

/** `result` is the whole envelope as JSON, however long. */
export const READABLE_PARTS = ["result", "diff", "transcript", "log"] as const satisfies readonly (
  | TurnPart
  | "result"
)[];
export type ReadablePart = (typeof READABLE_PARTS)[number];

/** Throws `not_found` for a turn that this caller does not have. */
export async function readTurnPart(
  context: CallContext,
  agentId: string,
  turnId: string,
  part: ReadablePart,
): Promise<string> {
  const agent = agentOf(context, agentId);
  if (part !== "result") return unwrap(await agent.turnText(turnId, part));
  return JSON.stringify(envelopeOf(unwrap(await agent.getTurn(turnId)), context), null, 2);
}

/** Throws `not_found` for a turn of a tool that is no more. */
export function envelopeOf(view: TurnView, { origin }: Pick<CallContext, "origin">): Envelope {
  const tool = findCodexTool(view.tool);
  if (tool === undefined) throw new AppError("not_found", `This server no longer has the tool ${view.tool}.`);
  return toEnvelope(view, tool, origin);
}
