import * as z from "zod";
import { FILE_LIMITS, type WriteAnswer } from "../../container/lib/files-protocol.ts";
import { unwrap } from "../errors.ts";
import { agentOf } from "./call-context.ts";
import { OwnAgentId } from "./fields.ts";
import { oneLine } from "./markdown.ts";
import { definePlainTool } from "./plain-tool.ts";
import { callerOf, FilePath, MAX_PATH_CHARS, noteLines, savedLine } from "./workspace-files.ts";

interface Written extends WriteAnswer {
  agent_id: string;
  checkpoint_id: string | null;
  notes: string[];
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MAX_FILES = FILE_LIMITS.writePaths;
const TOO_MANY = `must not hold more than ${MAX_FILES} items`;

const NewFile = z
  .strictObject({
    path: FilePath,
    // Half a surrogate pair would be written as something else.
    content: z
      .string()
      .max(FILE_LIMITS.writeBytes)
      .refine((text) => text.isWellFormed(), "must be valid Unicode"),
    encoding: z.enum(["utf-8", "base64"]).optional(),
    executable: z.boolean().optional(),
  })
  .refine(({ encoding, content }) => encoding !== "base64" || BASE64.test(content), {
    error: "must be base64",
    path: ["content"],
  });

const WriteInput = z
  .strictObject({
    agent_id: OwnAgentId,
    files: z.array(NewFile).max(MAX_FILES, TOO_MANY).optional(),
    delete: z.array(FilePath).max(MAX_FILES, TOO_MANY).optional(),
  })
  .refine((input) => (input.files ?? []).length + (input.delete ?? []).length > 0, {
    error: "give files, delete, or both",
    path: ["files"],
    when: ({ issues }) => issues.length === 0,
  });

export const writeFiles = definePlainTool({
  name: "write_files",
  title: "Write files",
  description: "Writes and deletes files in the agent's workspace: all of them or none.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  scope: "codex:run",
  input: WriteInput,
  output: { written: "array", deleted: "array", checkpoint_id: "string" },
  run: async ({ agent_id, delete: deletes = [], ...input }, context): Promise<Written> => {
    const files = (input.files ?? []).map(({ executable = null, encoding = "utf-8", ...file }) => ({
      ...file,
      encoding,
      executable,
    }));
    const { answer, ...saved } = unwrap(
      await agentOf(context, agent_id).workspace().write(callerOf(context, agent_id), { files, deletes }),
    );
    return { agent_id, ...answer, ...saved };
  },
  text: ({ written, deleted, missing, checkpoint_id, notes }) =>
    [
      ...written.map(({ path, action, size }) => `- ${action} ${shown(path)} (${size} bytes)`),
      ...deleted.map((path) => `- deleted ${shown(path)}`),
      ...missing.map((path) => `- ${shown(path)} was not there`),
      savedLine(checkpoint_id),
      ...noteLines(notes),
    ].join("\n"),
});

function shown(path: string): string {
  return oneLine(path, MAX_PATH_CHARS);
}
