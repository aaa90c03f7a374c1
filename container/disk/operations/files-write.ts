// Writes and deletes files of the workspace, all that is asked for or nothing.
import { chmodSync, constants, lstatSync, mkdirSync, readFileSync, type Stats, writeFileSync } from "node:fs";
import { dirname } from "node:path/posix";
import type { Readable, Writable } from "node:stream";
import * as z from "zod";
import { FILE_LIMITS, WriteAnswer, WriteRequest } from "../../lib/files-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import { hashOf } from "../../runner/workspace/content-store.ts";
import { carryOut, discard, failureOf } from "../files/carry-out.ts";
import { readJson, writeJson } from "../files/json-body.ts";
import { Plan } from "../files/plan.ts";
import { quoted, refusal, requireWritable } from "../files/workspace-path.ts";
import { absolutePath } from "../paths.ts";

const Staged = z.object({ dataDir: z.string(), stage: z.string() });

/** Takes a WriteRequest for its body. */
export const FilesStage = { name: "files_stage", request: Staged, result: z.object({}) };

/** Gives a WriteAnswer for its body. */
export const FilesWrite = { name: "files_write", request: Staged, result: z.object({}) };

interface NewFile {
  path: string;
  /** One character per byte. */
  checked: string;
  content: Buffer;
  executable: boolean | null;
}

/** JSON needs at most six bytes for one. */
const MAX_BODY_BYTES = 6 * FILE_LIMITS.writeBytes;

/** What is to be deleted, as it was asked for and checked; and what is to be answered of the rest. */
const Rest = z.object({
  deletes: z.array(z.object({ path: z.string(), checked: z.string() })),
  written: WriteAnswer.shape.written,
});

/** Checks all paths and leaves what is to be put in place in the stage, or nothing where it throws. */
export async function filesStage(
  { dataDir, stage }: z.infer<typeof Staged>,
  { input }: { input: Readable },
): Promise<Record<string, never>> {
  const { files, deletes } = await readJson(input, WriteRequest, MAX_BODY_BYTES);
  const checkedDeletes = deletes.map((path) => ({ path, checked: requireWritable(path) }));
  const newFiles = files.map((file) => ({
    path: file.path,
    checked: requireWritable(file.path),
    content: contentOf(file),
    executable: file.executable,
  }));
  requireDistinct([...newFiles, ...checkedDeletes]);
  requireSize(newFiles);
  try {
    mkdirSync(`${dataDir}/${stage}/new`, { recursive: true, mode: 0o700 });
    const written = newFiles.map((file) => stageFile(dataDir, stage, file));
    const rest: z.infer<typeof Rest> = { deletes: checkedDeletes, written };
    writeFileSync(restOf(dataDir, stage), JSON.stringify(rest));
  } catch (error) {
    discard(dataDir, stage);
    throw failureOf(error);
  }
  return {};
}

/** Throws `conflict` and `disk_full`; then nothing has changed. The stage is gone in any case. */
export async function filesWrite(
  { dataDir, stage }: z.infer<typeof Staged>,
  { output }: { output: Writable },
): Promise<Record<string, never>> {
  const { deletes, written } = Rest.parse(JSON.parse(readFileSync(restOf(dataDir, stage), "utf8")));
  const answer: WriteAnswer = { written, deleted: [], missing: [] };
  try {
    const plan = new Plan({ dataDir, stage });
    for (const { path, checked } of deletes) (plan.remove(checked) ? answer.deleted : answer.missing).push(path);
    plan.addTree();
    carryOut(dataDir, stage, plan.steps);
  } catch (error) {
    discard(dataDir, stage);
    throw failureOf(error);
  }
  await writeJson(output, answer);
  return {};
}

function restOf(dataDir: string, stage: string): string {
  return `${dataDir}/${stage}/rest.json`;
}

function contentOf({ path, content, encoding }: WriteRequest["files"][number]): Buffer {
  if (encoding === "utf-8") return Buffer.from(content);
  const bytes = Buffer.from(content, "base64");
  // Node leaves out what is no base64.
  if (bytes.toString("base64").replace(/=+$/, "") === content.replace(/=+$/, "")) return bytes;
  throw new HttpFailure(400, { code: "bad_request", message: `The content of ${quoted(path)} is not base64.` });
}

/** No path twice, and none below another one. */
function requireDistinct(paths: readonly { path: string; checked: string }[]): void {
  const all = new Set<string>();
  for (const { path, checked } of paths) {
    if (all.has(checked)) throw refusal(path, "is named twice");
    all.add(checked);
  }
  for (const { path, checked } of paths) {
    for (let parent = dirname(checked); parent !== "."; parent = dirname(parent)) {
      if (all.has(parent)) throw refusal(path, "is below another path of the same call");
    }
  }
}

function requireSize(files: readonly NewFile[]): void {
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes <= FILE_LIMITS.writeBytes) return;
  const message = `The contents have ${bytes} bytes; one call takes ${FILE_LIMITS.writeBytes}. Nothing was written.`;
  throw new HttpFailure(413, { code: "too_large", message });
}

function stageFile(dataDir: string, stage: string, file: NewFile): WriteAnswer["written"][number] {
  const { path, checked, content } = file;
  const there = placeInWorkspace(dataDir, checked);
  const staged = absolutePath(dataDir, `${stage}/new/${checked}`);
  mkdirSync(absolutePath(dataDir, dirname(`${stage}/new/${checked}`)), { recursive: true });
  writeFileSync(staged, content, { flag: "wx" });
  chmodSync(staged, modeOf(file, there));
  return { path, action: there === undefined ? "created" : "replaced", size: content.length, sha256: hashOf(content) };
}

/** What is no regular file has no mode to keep. */
function modeOf({ executable }: NewFile, there: Stats | undefined): number {
  const before = there?.isFile() ? there.mode & 0o777 : 0o644;
  if (executable === null) return before;
  return executable ? before | 0o111 : before & ~(constants.S_IXUSR | constants.S_IXGRP | constants.S_IXOTH);
}

function placeInWorkspace(dataDir: string, path: string): Stats | undefined {
  try {
    return lstatSync(absolutePath(dataDir, `workspace/${path}`), { throwIfNoEntry: false });
  } catch {
    // What is in the way is found by the plan.
    return undefined;
  }
}
