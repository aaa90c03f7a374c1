// The changes that were observed in a turn, as a model's claims about them are held against them.
import type { ChangedFile } from "../../container/protocol.ts";
import type { Evidence } from "../agent/types.ts";
import { splitDiff } from "../lib/split-diff.ts";
import type { CodeChange } from "./code-change.ts";

export interface ObservedChanges {
  files: readonly ChangedFile[];
  /** The file that a model means by this path; undefined where no change of it was observed. */
  find(claimedPath: string): ChangedFile | undefined;
  /** Path, action and diff as observed, with what was said about them. */
  describe(file: ChangedFile, claims: readonly CodeChange[]): CodeChange;
  /** Files that changed and whose diff was left out. */
  withoutDiff: readonly string[];
}

const ACTIONS = { create: "create", modify: "modify", delete: "delete", rename: "create" } as const;

export function observedChanges(evidence: Evidence): ObservedChanges {
  const diffs = splitDiff(evidence.diff ?? "");
  const files = evidence.changed_files;
  return {
    files,
    find: finder(files),
    describe: (file, claims) => describe(file, diffs.get(file.path) ?? "", claims),
    withoutDiff: files.map(({ path }) => path).filter((path) => !diffs.has(path)),
  };
}

function describe(file: ChangedFile, diff: string, claims: readonly CodeChange[]): CodeChange {
  const explanations = [...new Set(claims.map(({ explanation }) => explanation))];
  const lineNumbers = claims.flatMap(({ line_numbers }) => line_numbers ?? []);
  return {
    file: file.path,
    action: ACTIONS[file.action],
    diff,
    explanation: explanations.join("\n") || "Observed in the workspace; the model did not describe it.",
    ...(lineNumbers.length === 0 ? {} : { line_numbers: lineNumbers.join(", ") }),
  };
}

function finder(files: readonly ChangedFile[]): ObservedChanges["find"] {
  const byPath = new Map<string, ChangedFile>();
  // What is set later wins: a file's own path over its earlier one, and a path as it is over its plain form.
  for (const file of files) if (file.previous_path !== undefined) byPath.set(plainPath(file.previous_path), file);
  for (const file of files) if (file.previous_path !== undefined) byPath.set(file.previous_path, file);
  for (const file of files) byPath.set(plainPath(file.path), file);
  for (const file of files) byPath.set(file.path, file);
  return (claimed) => {
    const plain = plainPath(claimed);
    const found = [claimed, plain, ...insideWorkspace(plain)].find((path) => byPath.has(path));
    return found === undefined ? undefined : byPath.get(found);
  };
}

/** Models also write "./", backslashes, and letters in another of Unicode's forms than the disk has. */
function plainPath(path: string): string {
  return path
    .replaceAll("\\", "/")
    .replace(/^(?:\.\/+)+/, "")
    .normalize("NFC");
}

/** What an absolute path may mean; every runtime calls the directory of an agent's files "workspace". */
function insideWorkspace(path: string): string[] {
  if (!/^(?:\/|[A-Za-z]:)/.test(path)) return [];
  const starts = [...path.matchAll(/\/workspace\//g)].map(({ index }) => index + "/workspace/".length);
  return starts.map((start) => path.slice(start));
}
