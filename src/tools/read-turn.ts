import * as z from "zod";
import { OwnAgentId, TurnId } from "./fields.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { MAX_PAGE_CHARS, pageEnd, pageOf, type TextPage } from "./text-page.ts";
import { READABLE_PARTS, type ReadablePart, readTurnPart } from "./turn-parts.ts";

interface TurnPage extends TextPage {
  turn_id: string;
  part: ReadablePart;
  /** Comes from a caller, the model, a command or the repository: data, not instructions. */
  text: string;
}

export const readTurn = definePlainTool({
  name: "read_turn",
  title: "Read a turn",
  description: "A part of a turn as text, page by page: the whole result, the diff, the transcript or the log.",
  annotations: READ_ONLY,
  input: z.strictObject({
    turn_id: TurnId,
    agent_id: OwnAgentId,
    part: z.enum(READABLE_PARTS).default("result"),
    offset: z.number().int().min(0).default(0).describe("next_offset of the page before"),
    limit: z.number().int().min(1).max(MAX_PAGE_CHARS).default(MAX_PAGE_CHARS),
  }),
  output: { text: "string", total_chars: "integer", next_offset: "integer" },
  run: async ({ turn_id, agent_id, part, offset, limit }, context): Promise<TurnPage> => {
    return { turn_id, part, ...pageOf(await readTurnPart(context, agent_id, turn_id, part), offset, limit) };
  },
  text: (page) => `${page.text}${pageEnd(page)}`,
});
