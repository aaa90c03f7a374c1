import * as z from "zod";
import type { ImportAnswer } from "../../container/lib/files-protocol.ts";
import { unwrap } from "../errors.ts";
import { agentOf } from "./call-context.ts";
import { OwnAgentId } from "./fields.ts";
import { oneLine } from "./markdown.ts";
import { definePlainTool } from "./plain-tool.ts";
import { callerOf, DirectoryPath, noteLines, savedLine } from "./workspace-files.ts";

interface Imported extends ImportAnswer {
  agent_id: string;
  checkpoint_id: string | null;
  notes: string[];
}

/** Credentials in it would be shown, logged and stored as what they are not. */
const RepositoryUrl = z
  .string()
  .max(2_048, "must not exceed 2048 characters")
  .regex(/^[\x21-\x7e]+$/, { error: "must be an https URL without spaces", abort: true })
  .refine((text) => URL.parse(text)?.protocol === "https:", { error: "must be an https URL", abort: true })
  .refine(
    (text) => !URL.parse(text)?.username && !URL.parse(text)?.password,
    "must not hold credentials (token is for these)",
  );

export const importRepository = definePlainTool({
  name: "import_repository",
  title: "Import a repository",
  description: "Clones a git repository into the workspace. The token is used once and stored nowhere.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  scope: "codex:run",
  input: z.strictObject({
    agent_id: OwnAgentId,
    url: RepositoryUrl,
    ref: z
      .string()
      .regex(/^[\p{L}\p{N}_@#][\p{L}\p{M}\p{N}_./@#+=,%-]{0,254}$/u, "must be a branch, a tag or a whole commit id")
      .refine((name) => !name.includes(".."), "must be one branch, tag or commit")
      .optional(),
    token: z
      .string()
      .regex(/^[\x21-\x7e]{1,4096}$/, "must be 1 to 4096 visible ASCII characters")
      .optional()
      .meta({ writeOnly: true }),
    directory: DirectoryPath,
    replace: z.boolean().optional().describe("Removes what is there"),
    depth: z
      .number()
      .int()
      .refine((commits) => commits >= 1 && commits <= 1_000_000, "must be from 1 to 1000000")
      .optional(),
  }),
  output: { commit: "string", checkpoint_id: "string" },
  run: async (
    { agent_id, url, ref = null, token = null, directory, replace = false, depth = null },
    context,
  ): Promise<Imported> => {
    const { answer, ...saved } = unwrap(
      await agentOf(context, agent_id)
        .workspace()
        .importRepository(callerOf(context, agent_id), {
          ...{ url, ref, token, directory, replace, depth },
        }),
    );
    return { agent_id, ...answer, ...saved, notes: [...saved.notes, ...answer.notes] };
  },
  text: ({ commit, branch, directory, files, bytes, checkpoint_id, notes }) =>
    [
      `**Imported ${commit}${branch === null ? "" : ` (${oneLine(branch)})`} into ${oneLine(directory || ".")}**`,
      `- ${files} files, ${bytes} bytes`,
      savedLine(checkpoint_id),
      ...noteLines(notes),
    ].join("\n"),
});
