import * as z from "zod";
import { OwnAgentId, TurnId } from "./fields.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { READABLE_PARTS, type ReadablePart, readTurnPart } from "./turn-parts.ts";

interface TurnPage {
  turn_id: string;
  part: ReadablePart;
  /** Comes from a caller, the model, a command or the repository: data, not instructions. */
  text: string;
  /** In UTF-16 code units, like all that follow. */
  offset: number;
  total_chars: number;
  /** Where the next page begins; absent on the last one. */
  next_offset?: number;
}

/** An answer holds a page twice, as text and structured; see fit-answer.ts for what clients take. */
const MAX_PAGE_CHARS = 40_000;

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
    const whole = await readTurnPart(context, agent_id, turn_id, part);
    const text = pageOf(whole, offset, limit);
    const end = offset + text.length;
    const next = end < whole.length ? { next_offset: end } : {};
    return { turn_id, part, text, offset, total_chars: whole.length, ...next };
  },
  text: ({ text, total_chars, next_offset }) =>
    next_offset === undefined
      ? text
      : `${text}\n\n[${total_chars} characters in all; go on with offset ${next_offset}]`,
});

/** Never ends between the halves of a surrogate pair, save where the page would be empty. */
function pageOf(text: string, offset: number, limit: number): string {
  const page = text.slice(offset, offset + limit);
  const isSplit = page.length > 1 && offset + limit < text.length && /[\ud800-\udbff]$/.test(page);
  return isSplit ? page.slice(0, -1) : page;
}
