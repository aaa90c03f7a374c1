import { describe, expect, it } from "vitest";
import type { Evidence } from "../../../src/agent/types.ts";
import { normalizePath, reconcileChanges } from "../../../src/tools/reconcile-changes.ts";

const partOf = (path: string) => `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-a\n+b\n`;

function evidence(changed: Evidence["changed_files"], more: Partial<Evidence> = {}): Evidence {
  const diff = changed.map(({ path }) => partOf(path)).join("");
  const none = {
    commands: [],
    files_read: [],
    model: null,
    codex_version: null,
    denied_hosts: [],
    approvals: [],
    notes: [],
  };
  return { diff, changed_files: changed, ...none, ...more };
}

const claim = (file: string, more: object = {}) => ({
  file,
  action: "modify" as const,
  diff: "made up",
  explanation: `why ${file}`,
  ...more,
});

const reconcile = (changes: ReturnType<typeof claim>[], seen: Evidence, warnings: string[] = []) =>
  reconcileChanges({ changes, warnings }, seen);

describe("a change that was claimed and observed", () => {
  it.each(["src/a.ts", "./src/a.ts", "././src/a.ts", "src\\a.ts", ".\\src\\a.ts"])(
    "as %s keeps its explanation, with the observed action and diff",
    (file) => {
      const { changes, warnings } = reconcile(
        [claim(file, { line_numbers: "1-3" })],
        evidence([{ path: "src/a.ts", action: "create" }]),
      );
      expect(changes).toEqual([
        {
          file: "src/a.ts",
          action: "create",
          diff: partOf("src/a.ts"),
          explanation: `why ${file}`,
          line_numbers: "1-3",
        },
      ]);
      expect(warnings).toEqual([]);
    },
  );

  it.each(["old.ts", "new.ts"])("as a rename is found by its name %s", (file) => {
    const seen = evidence([{ path: "new.ts", action: "rename", previous_path: "old.ts" }]);
    const { changes, warnings } = reconcile([claim(file)], seen);
    expect(changes).toMatchObject([{ file: "new.ts", action: "create", explanation: `why ${file}` }]);
    expect(warnings).toEqual([]);
  });
});

it("a change that was observed and not claimed is added, and said to be", () => {
  const { changes } = reconcile([], evidence([{ path: "a", action: "delete" }]));
  expect(changes).toEqual([
    {
      file: "a",
      action: "delete",
      diff: partOf("a"),
      explanation: "Observed in the workspace; the model did not describe it.",
    },
  ]);
});

it("a change that was claimed and not observed is left out and named", () => {
  const { changes, warnings } = reconcile([claim("dream.ts"), claim("a")], evidence([{ path: "a", action: "modify" }]));
  expect(changes.map(({ file }) => file)).toEqual(["a"]);
  expect(warnings).toEqual(["The model also claimed changes that did not happen, left out here: dream.ts"]);
});

it("nothing happened where nothing was observed, whatever is claimed", () => {
  const { changes, warnings } = reconcile([claim("a"), claim("b")], evidence([], { diff: "" }));
  expect(changes).toEqual([]);
  expect(warnings).toHaveLength(1);
});

it("the model's own warnings come first", () => {
  const { warnings } = reconcile([claim("dream.ts")], evidence([]), ["mind the gap"]);
  expect(warnings[0]).toBe("mind the gap");
  expect(warnings).toHaveLength(2);
});

it("a file without a diff, such as a binary one, has an empty one", () => {
  const seen = evidence([{ path: "logo.png", action: "modify", binary: true }], { diff: "" });
  expect(reconcile([claim("logo.png")], seen).changes).toMatchObject([{ file: "logo.png", diff: "" }]);
});

it("a list that was cut is said to be", () => {
  const seen = evidence([{ path: "a", action: "modify" }], { total_changed_files: 5_000 });
  expect(reconcile([], seen).warnings).toEqual(["5000 files changed; the first 1 are listed."]);
});

it.each([
  ["a", "a"],
  ["./a", "a"],
  ["../a", "../a"],
  ["a/./b", "a/./b"],
  ["a\\b", "a/b"],
  [".hidden", ".hidden"],
])("the path %s is compared as %s", (path, normal) => {
  expect(normalizePath(path)).toBe(normal);
});
