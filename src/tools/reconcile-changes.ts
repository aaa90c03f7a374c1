// Holds the changes that the model claims against those that were observed. What was not observed is dropped and named;
// what was not claimed is added; action and diff are always the observed ones.
import type { ChangedFile } from "../../container/protocol.ts";
import type { Evidence } from "../agent/types.ts";
import type { CodeChange } from "./code-change.ts";
import { type ObservedChanges, observedChanges } from "./observed-changes.ts";

interface Reconciled {
  /** One for each observed file, in the order of the evidence. */
  changes: CodeChange[];
  /** What of each group of claims was observed, in the order of the groups; without the files that none of them names. */
  claimed: CodeChange[][];
  unclaimed: CodeChange[];
  warnings: string[];
}

const MAX_NAMES = 20;

/** `groups` are claims that belong together, such as those of one fix. */
export function reconcileChanges(groups: readonly (readonly CodeChange[])[], evidence: Evidence): Reconciled {
  const observed = observedChanges(evidence);
  const byFile = claimsByFile(groups.flat(), observed);
  const describe = (file: ChangedFile) => observed.describe(file, byFile.get(file) ?? []);
  const claims = groups.flat();
  return {
    changes: observed.files.map(describe),
    claimed: groups.map((group) =>
      [...claimsByFile(group, observed)].map(([file, own]) => observed.describe(file, own)),
    ),
    unclaimed: observed.files.filter((file) => !byFile.has(file)).map(describe),
    warnings: [
      ...unobserved(
        claims.map(({ file }) => file).filter((path) => observed.find(path) === undefined),
        evidence,
      ),
      ...cut(evidence),
      ...withoutDiff(observed.withoutDiff),
    ],
  };
}

function claimsByFile(claims: readonly CodeChange[], { find }: ObservedChanges): Map<ChangedFile, CodeChange[]> {
  const byFile = new Map<ChangedFile, CodeChange[]>();
  for (const claim of claims) {
    const file = find(claim.file);
    if (file !== undefined) byFile.set(file, [...(byFile.get(file) ?? []), claim]);
  }
  return byFile;
}

function unobserved(paths: readonly string[], { total_changed_files }: Evidence): string[] {
  if (paths.length === 0) return [];
  const problem =
    total_changed_files === undefined
      ? "that are not in the real diff (which leaves out what git ignores)"
      : "that are not among the files listed here, and could not be checked";
  return [`The model also claimed changes ${problem}, left out here: ${named(paths)}`];
}

function cut({ changed_files, total_changed_files }: Evidence): string[] {
  if (total_changed_files === undefined) return [];
  return [`${total_changed_files} files changed; the first ${changed_files.length} are listed.`];
}

function withoutDiff(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  return [`No diff is shown of ${paths.length} of the listed files; evidence has the reason: ${named(paths)}`];
}

function named(paths: readonly string[]): string {
  const different = [...new Set(paths)];
  const rest = different.length > MAX_NAMES ? `, and ${different.length - MAX_NAMES} more` : "";
  return `${different.slice(0, MAX_NAMES).join(", ")}${rest}`;
}
