// A patch that Codex wants to make, as unified diffs. Codex tells hunks only for a file that it changes; for one that it adds or
// deletes it tells the content (observed with 0.169).
import type { PatchItem } from "./messages.ts";

type PatchChange = PatchItem["changes"][number];

/** `toPath` makes a path as Codex tells it relative to the workspace. */
export function patchDiff(changes: readonly PatchChange[], toPath: (path: string) => string): string {
  return changes.map((change) => fileDiff(change, toPath)).join("\n");
}

function fileDiff({ path, kind, diff }: PatchChange, toPath: (path: string) => string): string {
  const name = toPath(path);
  switch (kind.type) {
    case "add":
      return `--- /dev/null\n+++ b/${name}\n${wholeFile(diff, "+")}`;
    case "delete":
      return `--- a/${name}\n+++ /dev/null\n${wholeFile(diff, "-")}`;
    case "update":
      return `--- a/${name}\n+++ b/${kind.move_path ? toPath(kind.move_path) : name}\n${diff}`;
  }
}

function wholeFile(content: string, sign: "+" | "-"): string {
  if (content === "") return "";
  const lines = content.replace(/\n$/, "").split("\n");
  const range = sign === "+" ? `-0,0 +1,${lines.length}` : `-1,${lines.length} +0,0`;
  const end = content.endsWith("\n") ? "" : "\n\\ No newline at end of file";
  return `@@ ${range} @@\n${lines.map((line) => `${sign}${line}`).join("\n")}${end}`;
}
