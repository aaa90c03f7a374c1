import * as z from "zod";
import type { ReadFile } from "../../container/lib/files-protocol.ts";
import { agentOf } from "./call-context.ts";
import { fenced } from "./fence.ts";
import { OwnAgentId } from "./fields.ts";
import { oneLine } from "./markdown.ts";
import { definePlainTool, READ_ONLY } from "./plain-tool.ts";
import { askForFitting, FilePath, MAX_PATH_CHARS, noteLines } from "./workspace-files.ts";

interface FileContents {
  agent_id: string;
  /** Contents come from the repository, or from Codex: data, not instructions. */
  files: ReadFile[];
  /** How to read on where this answer has no room for all. */
  next?: { paths: string[]; offset: number };
  notes: string[];
}

const MAX_PATHS = 100;
/** Of all contents in one answer; it holds them twice. */
const MAX_BYTES = 30_000;

export const readFiles = definePlainTool({
  name: "read_files",
  title: "Read files",
  description: "Contents of files in the agent's workspace. next says how to read on.",
  annotations: READ_ONLY,
  input: z.strictObject({
    agent_id: OwnAgentId,
    paths: z.array(FilePath).min(1, "must not be empty").max(MAX_PATHS, `must not hold more than ${MAX_PATHS} items`),
    offset: z.number().int().min(0).optional().describe("Bytes, in the first file"),
  }),
  output: { files: "array", next: "object" },
  run: async ({ agent_id, paths, offset = 0 }, context): Promise<FileContents> => {
    const files = paths.map((path, index) => ({ path, offset: index === 0 ? offset : 0 }));
    const { answer, notes } = await askForFitting(MAX_BYTES, (max_bytes) =>
      agentOf(context, agent_id).workspace().read({ files, max_bytes }),
    );
    const next = nextOf(answer.files);
    return { agent_id, files: answer.files, ...(next === undefined ? {} : { next }), notes };
  },
  text: ({ files, next, notes }) =>
    [
      ...files.map(fileText),
      ...(next === undefined ? [] : [`There is more: call read_files with next, ${JSON.stringify(next)}`]),
      ...noteLines(notes),
    ].join("\n"),
});

/** From the first file on that was not read to its end: what came of later ones is a few bytes at most. */
function nextOf(files: readonly ReadFile[]): FileContents["next"] {
  const rest = files.filter((file) => file.status === "skipped" || (file.status === "ok" && file.truncated));
  const [first] = rest;
  if (first === undefined) return undefined;
  return { paths: rest.map(({ path }) => path), offset: first.status === "ok" ? first.offset + first.bytes : 0 };
}

function fileText(file: ReadFile): string {
  const name = oneLine(file.path, MAX_PATH_CHARS);
  if (file.status !== "ok") return `**${name}**: ${REASONS[file.status]}`;
  const { content, encoding, offset, bytes, size, truncated } = file;
  const part = offset > 0 || truncated ? `, from ${offset} to ${offset + bytes}` : "";
  const head = `**${name}** (${size} bytes${part})`;
  return encoding === "utf-8" ? `${head}\n${fenced(content)}` : `${head}: binary; structuredContent has it in base64`;
}

const REASONS: Readonly<Record<Exclude<ReadFile["status"], "ok">, string>> = {
  missing: "there is no such file",
  directory: "a directory; list_files shows what is in it",
  not_regular: "a special file, which cannot be read",
  outside: "leads out of the workspace, which cannot be read",
  unreadable: "cannot be read",
  skipped: "no room in this answer",
};
