import { describe, expect, it } from "vitest";
import type { Evidence } from "../../../src/agent/types.ts";
import { reconcileChanges } from "../../../src/tools/reconcile-changes.ts";

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

const reconcile = (changes: ReturnType<typeof claim>[], seen: Evidence) => reconcileChanges([changes], seen);

describe("a change that was claimed and observed", () => {
  it.each([
    "src/a.ts",
    "./src/a.ts",
    "././src/a.ts",
    ".//src/a.ts",
    "src\\a.ts",
    ".\\src\\a.ts",
    "/workspace/src/a.ts",
    "/srv/agents/1/workspace/src/a.ts",
    "C:\\agents\\workspace\\src\\a.ts",
  ])("as %s keeps its explanation, with the observed action and diff", (file) => {
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
  });

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
  expect(warnings).toEqual([
    "The model also claimed changes that are not in the real diff (which leaves out what git ignores), left out here: dream.ts",
  ]);
});

it("nothing happened where nothing was observed, whatever is claimed", () => {
  const { changes, warnings } = reconcile([claim("a"), claim("b")], evidence([], { diff: "" }));
  expect(changes).toEqual([]);
  expect(warnings).toHaveLength(1);
});

it("a name is taken as it is before anything is read into it", () => {
  const seen = evidence([
    { path: "a/b", action: "modify" },
    { path: "a\\b", action: "modify" },
    { path: "caf\u00e9", action: "modify" },
    { path: "cafe\u0301", action: "modify" },
  ]);
  const { changes } = reconcile(
    seen.changed_files.map(({ path }) => claim(path)),
    seen,
  );
  expect(changes.map(({ file, explanation }) => [file, explanation])).toEqual(
    seen.changed_files.map(({ path }) => [path, `why ${path}`]),
  );
});

it("a file that took an old name is told from the one that gave it up", () => {
  const seen = evidence([
    { path: "a", action: "create" },
    { path: "b", action: "rename", previous_path: "a" },
  ]);
  const { changes } = reconcile([claim("a")], seen);
  expect(changes.map(({ explanation }) => explanation)).toEqual(["why a", expect.stringContaining("did not describe")]);
});

it("several claims of one file are told together", () => {
  const claims = [
    claim("a", { explanation: "one", line_numbers: "1" }),
    claim("./a", { explanation: "two" }),
    claim("a", { explanation: "one", line_numbers: "9" }),
  ];
  const { changes } = reconcile(claims, evidence([{ path: "a", action: "modify" }]));
  expect(changes).toMatchObject([{ file: "a", explanation: "one\ntwo", line_numbers: "1, 9" }]);
});

it("each group of claims has what of it was observed, and the rest is unclaimed", () => {
  const seen = evidence([
    { path: "a", action: "modify" },
    { path: "b", action: "modify" },
    { path: "c", action: "modify" },
  ]);
  const { claimed, unclaimed } = reconcileChanges(
    [[claim("b"), claim("dream.ts")], [], [claim("a"), claim("b")]],
    seen,
  );
  expect(claimed.map((group) => group.map(({ file }) => file))).toEqual([["b"], [], ["a", "b"]]);
  expect(unclaimed.map(({ file }) => file)).toEqual(["c"]);
});

it("a file whose diff was left out is named, and has none of its neighbour", () => {
  const seen = evidence([
    { path: "a", action: "modify" },
    { path: "big", action: "modify" },
    { path: "c", action: "modify" },
  ]);
  const diff = `${partOf("a")}# big: is too large\n${partOf("c")}# … diff of 1 more files left out (9 characters)\n`;
  const { changes, warnings } = reconcile([], { ...seen, diff });
  expect(changes.map((change) => change.diff)).toEqual([partOf("a"), "", partOf("c")]);
  expect(warnings).toEqual(["No diff is shown of 1 of the listed files; evidence has the reason: big"]);
});

it("a list that was cut is said to be, and what it does not show is not called untrue", () => {
  const seen = evidence([{ path: "a", action: "modify" }], { total_changed_files: 5_000 });
  expect(reconcile([claim("z")], seen).warnings).toEqual([
    "The model also claimed changes that are not among the files listed here, and could not be checked, left out here: z",
    "5000 files changed; the first 1 are listed.",
  ]);
});

it("of many names twenty are told, and how many more there are", () => {
  const claims = Array.from({ length: 500 }, (_, index) => claim(`f${index % 50}`));
  expect(reconcile(claims, evidence([])).warnings[0]).toMatch(/: f0, f1, (?:f\d+, ){18}and 30 more$/);
});
