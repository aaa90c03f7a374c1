import { expect, it } from "vitest";
import { patchDiff } from "../../../../../container/runner/codex/patch-diff.ts";

const toPath = (path: string): string => path.replace("/workspace/", "");

it("a new file is all additions", () => {
  const change = { path: "/workspace/a.txt", kind: { type: "add" as const }, diff: "one\n\ntwo\n" };
  expect(patchDiff([change], toPath)).toBe("--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1,3 @@\n+one\n+\n+two");
});

it("a deleted file is all deletions, and a last line without its end says so", () => {
  const change = { path: "/workspace/a.txt", kind: { type: "delete" as const }, diff: "one" };
  expect(patchDiff([change], toPath)).toBe(
    "--- a/a.txt\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-one\n\\ No newline at end of file",
  );
});

it("an empty file has no hunk", () => {
  const change = { path: "/workspace/a.txt", kind: { type: "add" as const }, diff: "" };
  expect(patchDiff([change], toPath)).toBe("--- /dev/null\n+++ b/a.txt\n");
});

it("a changed file keeps its hunks, and a moved one has both names", () => {
  const hunk = "@@ -1 +1 @@\n-old\n+new\n";
  const stays = { path: "/workspace/a.txt", kind: { type: "update" as const, move_path: null }, diff: hunk };
  const moves = {
    path: "/workspace/a.txt",
    kind: { type: "update" as const, move_path: "/workspace/b.txt" },
    diff: hunk,
  };
  expect(patchDiff([stays, moves], toPath)).toBe(
    `--- a/a.txt\n+++ b/a.txt\n${hunk}\n--- a/a.txt\n+++ b/b.txt\n${hunk}`,
  );
});
