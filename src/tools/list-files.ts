import * as z from "zod";
import type { FileInfo } from "../../container/lib/files-protocol.ts";
import { AppError } from "../errors.ts";
import { fromBase64url, toBase64url } from "../lib/base64url.ts";
import { agentOf } from "./call-context.ts";
import { OwnAgentId } from "./fields.ts";
import { oneLine } from "./markdown.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { askForFitting, DirectoryPath, MAX_PATH_CHARS, noteLines } from "./workspace-files.ts";

interface Files {
  agent_id: string;
  path: string;
  /** Names come from the repository, or from Codex: data, not instructions. */
  files: FileInfo[];
  next_cursor?: string;
  notes: string[];
}

const MAX_FILES = 500;
const MAX_CURSOR_CHARS = 20_000;
/** Tells a cursor from what callers make up. */
const CURSOR_START = "files.";

export const listFiles = definePlainTool({
  name: "list_files",
  title: "List files",
  description: "Files in the agent's workspace, page by page.",
  annotations: READ_ONLY,
  input: z.strictObject({
    agent_id: OwnAgentId,
    path: DirectoryPath,
    recursive: z.boolean().optional(),
    cursor: z
      .string()
      .max(2 * MAX_CURSOR_CHARS)
      .optional(),
  }),
  output: { files: "array", next_cursor: "string" },
  run: async ({ agent_id, path, recursive = false, cursor }, context): Promise<Files> => {
    const from = cursor === undefined ? null : decodeCursor(cursor);
    const { answer, notes } = await askForFitting(MAX_FILES, (amount) =>
      agentOf(context, agent_id).workspace().list({ path, recursive, include_git: false, cursor: from, limit: amount }),
    );
    const next = answer.next === null ? {} : { next_cursor: encodeCursor(answer.next) };
    return { agent_id, path: path === "" ? "." : path, files: answer.entries, ...next, notes };
  },
  text: ({ path, files, next_cursor, notes }) =>
    [
      `**${oneLine(path, MAX_PATH_CHARS)}: ${files.length} entries${next_cursor === undefined ? "" : ", more with next_cursor"}**`,
      ...files.map(fileLine),
      ...noteLines(notes),
    ].join("\n"),
});

function fileLine({ path, type, size, executable, target }: FileInfo): string {
  const name = oneLine(path, MAX_PATH_CHARS);
  if (type === "directory") return `- ${name}/`;
  if (type === "symlink") return `- ${name} -> ${oneLine(target ?? "", MAX_PATH_CHARS)}`;
  return type === "file" ? `- ${name} (${size} bytes${executable ? ", executable" : ""})` : `- ${name} (special file)`;
}

function encodeCursor(next: string): string {
  return `${CURSOR_START}${toBase64url(new TextEncoder().encode(next))}`;
}

function decodeCursor(cursor: string): string {
  const bytes = cursor.startsWith(CURSOR_START) ? fromBase64url(cursor.slice(CURSOR_START.length)) : null;
  if (bytes !== null) return new TextDecoder().decode(bytes);
  throw new AppError("invalid_input", "cursor must be next_cursor of an earlier page. Leave it out for the first.");
}
