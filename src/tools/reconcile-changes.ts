// Holds the changes that the model claims against those that were observed. What was not observed is dropped and named;
// what was not claimed is added; action and diff are always the observed ones.
import type { Evidence } from "../agent/types.ts";
import { splitDiff } from "../lib/split-diff.ts";
import type { CodeChange } from "./code-change.ts";

interface Claimed {
  changes: CodeChange[];
  warnings: string[];
}

const ACTIONS = { create: "create", modify: "modify", delete: "delete", rename: "create" } as const;

export function reconcileChanges({ changes, warnings }: Claimed, evidence: Evidence): Claimed {
  const diffs = splitDiff(evidence.diff ?? "");
  const observed = evidence.changed_files;
  const claims = new Map<string, CodeChange>();
  const dropped: string[] = [];
  for (const change of changes) {
    const path = normalizePath(change.file);
    const isReal = observed.some((file) => file.path === path || file.previous_path === path);
    if (isReal) claims.set(path, change);
    else dropped.push(path);
  }
  const real = observed.map((file): CodeChange => {
    const claim = claims.get(file.path) ?? claims.get(file.previous_path ?? file.path);
    return {
      file: file.path,
      action: ACTIONS[file.action],
      diff: diffs.get(file.path) ?? "",
      explanation: claim?.explanation ?? "Observed in the workspace; the model did not describe it.",
      ...(claim?.line_numbers === undefined ? {} : { line_numbers: claim.line_numbers }),
    };
  });
  return { changes: real, warnings: [...warnings, ...warningsOf(dropped, evidence)] };
}

function warningsOf(dropped: readonly string[], { changed_files, total_changed_files }: Evidence): string[] {
  const warnings: string[] = [];
  if (dropped.length > 0) {
    warnings.push(`The model also claimed changes that did not happen, left out here: ${dropped.join(", ")}`);
  }
  if (total_changed_files !== undefined) {
    warnings.push(`${total_changed_files} files changed; the first ${changed_files.length} are listed.`);
  }
  return warnings;
}

/** The form in which observed paths come. */
export function normalizePath(path: string): string {
  return path.replaceAll("\\", "/").replace(/^(?:\.\/)+/, "");
}
