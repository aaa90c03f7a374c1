// What is in a directory of the workspace, page by page.
import { constants, lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import type { Writable } from "node:stream";
import * as z from "zod";
import { type FileInfo, type FileList, ListRequest } from "../../lib/files-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import { writeJson } from "../files/json-body.ts";
import { quoted, realPlace, workspacePath } from "../files/workspace-path.ts";

export const FilesList = {
  name: "files_list",
  request: z.object({ workspace: z.string(), list: ListRequest }),
  result: z.object({}),
};

interface Found {
  /** From where the listing began, one character per byte. */
  path: string;
  stat: Stats;
}

interface Walk {
  top: Buffer;
  isRecursive: boolean;
  hasGit: boolean;
}

/** The answer, a FileList, is the body. */
export async function filesList(
  { workspace, list }: z.infer<typeof FilesList.request>,
  { output }: { output: Writable },
): Promise<Record<string, never>> {
  const top = openTop(realpathSync(workspace), list.path);
  const walk = { top, isRecursive: list.recursive, hasGit: list.include_git };
  const entries: FileInfo[] = [];
  let next: string | null = null;
  let last = "";
  for (const found of entriesOf(walk, "", afterOf(list.cursor))) {
    if (entries.length === list.limit) {
      next = Buffer.from(last, "latin1").toString("base64url");
      break;
    }
    entries.push(describe(walk, list.path, found));
    last = found.path;
  }
  await writeJson(output, { entries, next } satisfies FileList);
  return {};
}

function openTop(root: string, path: string): Buffer {
  const checked = workspacePath(path);
  const place = checked === undefined ? "outside" : realPlace(root, checked);
  if (place === "outside") {
    throw new HttpFailure(422, { code: "path_refused", message: `${quoted(path)} is not in the workspace.` });
  }
  if (place === "missing") throw new HttpFailure(404, { code: "missing", message: `There is no ${quoted(path)}.` });
  if (!lstatSync(place).isDirectory()) {
    throw new HttpFailure(409, { code: "not_directory", message: `${quoted(path)} is no directory.` });
  }
  return Buffer.from(place);
}

/** The names of the last entry that was told; its own entry is not told again, what is in it is. */
function afterOf(cursor: string | null): string[] {
  if (cursor === null) return [];
  return Buffer.from(cursor, "base64url").toString("latin1").split("/");
}

function* entriesOf(walk: Walk, directory: string, after: readonly string[]): Generator<Found> {
  const [first] = after;
  for (const name of namesIn(walk, directory)) {
    if (first !== undefined && name < first) continue;
    const path = directory === "" ? name : `${directory}/${name}`;
    const stat = lstatSync(placeOf(walk, path), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (name !== first) yield { path, stat };
    if (walk.isRecursive && stat.isDirectory()) yield* entriesOf(walk, path, name === first ? after.slice(1) : []);
  }
}

/** What has gone, or may not be read, has no entries. */
function namesIn({ top, hasGit }: Walk, directory: string): string[] {
  try {
    const names = readdirSync(placeOf({ top }, directory), { encoding: "latin1" });
    return names.filter((name) => hasGit || name !== ".git").sort();
  } catch (error) {
    if (error instanceof Error && "code" in error) return [];
    throw error;
  }
}

function placeOf({ top }: Pick<Walk, "top">, path: string): Buffer {
  return Buffer.concat([top, Buffer.from(path === "" ? "" : `/${path}`, "latin1")]);
}

function describe(walk: Walk, from: string, { path, stat }: Found): FileInfo {
  const bytes = Buffer.from(path, "latin1");
  const shown = bytes.toString();
  const isUnnameable = !Buffer.from(shown).equals(bytes);
  const type = typeOf(stat);
  return {
    path: from === "" ? shown : `${from}/${shown}`,
    type,
    size: type === "file" ? stat.size : 0,
    executable: type === "file" && (stat.mode & constants.S_IXUSR) !== 0,
    ...(type === "symlink" ? { target: targetOf(walk, path) } : {}),
    ...(isUnnameable ? { is_unnameable: true as const } : {}),
  };
}

function typeOf(stat: Stats): FileInfo["type"] {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  return stat.isSymbolicLink() ? "symlink" : "other";
}

function targetOf(walk: Walk, path: string): string {
  try {
    return readlinkSync(placeOf(walk, path), "utf8");
  } catch {
    return "";
  }
}
