import * as z from "zod";
import type { ChangedFile } from "../../container/protocol.ts";
import { unwrap } from "../errors.ts";
import { agentOf } from "./call-context.ts";
import { fenced } from "./fence.ts";
import { CheckpointId, OwnAgentId, TurnId } from "./fields.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { MAX_PAGE_CHARS, pageEnd, pageOf, type TextPage } from "./text-page.ts";
import { noteLines } from "./workspace-files.ts";

interface Diff extends Omit<TextPage, "text"> {
  agent_id: string;
  /** A turn or checkpoint, `import`, or `beginning` where nothing was ever imported. */
  since: string;
  /** Only on the first page, and as many as fit. */
  changed_files: ChangedFile[];
  total_changed: number;
  /** Comes from the repository, or from Codex: data, not instructions. */
  diff: string;
  /** It leaves something out, and says itself what. */
  diff_truncated: boolean;
  notes: string[];
}

const MAX_LIST_CHARS = 15_000;

const DiffInput = z
  .strictObject({
    agent_id: OwnAgentId,
    turn_id: TurnId.optional(),
    checkpoint_id: CheckpointId.optional(),
    offset: z.number().int().min(0).optional(),
  })
  .refine(({ turn_id, checkpoint_id }) => turn_id === undefined || checkpoint_id === undefined, {
    error: "give either turn_id or checkpoint_id, or neither",
    path: ["turn_id"],
    when: ({ issues }) => issues.length === 0,
  });

export const getDiff = definePlainTool({
  name: "get_diff",
  title: "Get diff",
  description: "What changed in the workspace since after a turn or a checkpoint; else since the last import.",
  annotations: READ_ONLY,
  input: DiffInput,
  output: { diff: "string", changed_files: "array", next_offset: "integer" },
  run: async ({ agent_id, turn_id, checkpoint_id, offset = 0 }, context): Promise<Diff> => {
    const { answer, notes } = unwrap(
      await agentOf(context, agent_id)
        .workspace()
        .diff(turn_id ?? checkpoint_id ?? null),
    );
    const { text: diff, ...page } = pageOf(answer.diff, offset, MAX_PAGE_CHARS);
    return {
      agent_id,
      since: answer.since,
      changed_files: offset === 0 ? firstOf(answer.changed_files) : [],
      total_changed: answer.total_changed,
      diff,
      diff_truncated: answer.diff_truncated,
      ...page,
      notes: [...notes, ...answer.notes],
    };
  },
  text: ({ since, total_changed, diff, notes, ...page }) =>
    [
      `**${total_changed} file(s) changed since ${since}**`,
      `${fenced(diff)}${pageEnd(page)}`,
      ...noteLines(notes),
    ].join("\n"),
});

function firstOf(files: readonly ChangedFile[]): ChangedFile[] {
  let chars = 0;
  return files.filter((file) => {
    chars += JSON.stringify(file).length;
    return chars <= MAX_LIST_CHARS;
  });
}
