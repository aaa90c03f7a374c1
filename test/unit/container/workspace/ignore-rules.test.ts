import { describe, expect, test } from "vitest";
import { Notes } from "../../../../container/lib/notes.ts";
import { IgnoreRules } from "../../../../container/runner/workspace/ignore-rules.ts";

function rulesOf(...sources: [directory: string, text: string][]): { rules: IgnoreRules; notes: Notes } {
  const notes = new Notes();
  let rules = IgnoreRules.none;
  for (const [directory, text] of sources) {
    rules = rules.withRules({ directory, path: `${directory}.gitignore`, text }, notes);
  }
  return { rules, notes };
}

describe("ignore rules", () => {
  test.each<[text: string, ignored: string[], kept: string[]]>([
    ["*.log", ["a.log", "d/a.log"], ["a.txt"]],
    ["/a", ["a"], ["d/a"]],
    ["d/a", ["d/a"], ["x/d/a"]],
    ["build/", ["build/", "d/build/"], ["build"]],
    ["*.log\n!keep.log", ["a.log"], ["keep.log"]],
    ["# a\n\n\\#a", ["#a"], ["a"]],
    ["a   \nb\\ ", ["a", "b "], ["b"]],
    ["a\r\nb\r", ["a", "b"], []],
    ["\uFEFFa", ["a"], []],
    ["A", ["A"], ["a"]],
    ["**/x/**", ["x/a", "d/x/a"], ["x/"]],
  ])("%j ignore %j and keep %j", (text, ignored, kept) => {
    const { rules } = rulesOf(["", text]);
    expect([...ignored, ...kept].filter((path) => rules.ignores(path))).toEqual(ignored);
  });

  test.each<[directory: string, text: string, ignored: string[], kept: string[]]>([
    ["d/", "a", ["d/a", "d/e/a"], ["a", "x/d/a"]],
    ["d/", "/a", ["d/a"], ["d/e/a", "a"]],
    ["d/", "e/a", ["d/e/a"], ["d/x/e/a"]],
    ["d/", "b/", ["d/b/", "d/e/b/"], ["d/b"]],
    ["d/", "*.log\n!/keep.log", ["d/a.log", "d/e/keep.log"], ["d/keep.log"]],
    ["[d] *?/", "a", ["[d] *?/a"], ["d xy/a"]],
    ["back\\slash/", "!a\nb", ["back\\slash/b"], ["back\\slash/a"]],
  ])("in the directory %j, %j ignore %j and keep %j", (directory, text, ignored, kept) => {
    const { rules } = rulesOf([directory, text]);
    expect([...ignored, ...kept].filter((path) => rules.ignores(path))).toEqual(ignored);
  });

  test("of an inner directory prevail over those of an outer one", () => {
    const { rules } = rulesOf(["", "*.log\nbuild/"], ["d/", "!a.log\n!build/"]);
    expect(["a.log", "d/b.log", "d/a.log", "d/build/", "d/build/x"].filter((path) => rules.ignores(path))).toEqual([
      "a.log",
      "d/b.log",
    ]);
  });

  test("do not hold outside of the directory that adds them", () => {
    const outer = rulesOf(["", "a"]).rules;
    outer.withRules({ directory: "d/", path: "d/.gitignore", text: "b" }, new Notes());
    expect(outer.ignores("d/b")).toBe(false);
  });

  test("stay the same over many questions", () => {
    const { rules } = rulesOf(["", "a*\n!ab"]);
    const answers = Array.from({ length: 5000 }, (_, index) =>
      [`a${index}`, `b${index}`, "ab"].map((path) => rules.ignores(path)),
    );
    expect(new Set(answers.map((answer) => answer.join()))).toEqual(new Set(["true,false,false"]));
  });
});

describe("a rule that cannot be used has no effect and is noted", () => {
  test.each([
    ["too many stars", "**/a/**/a/**/a/**/z"],
    ["too long", "x".repeat(2000)],
  ])("because it has %s", (_name, rule) => {
    const { rules, notes } = rulesOf(["", `${rule}\nb`]);
    expect([rules.ignores("a/a/a/z"), rules.ignores("x".repeat(2000)), rules.ignores("b")]).toEqual([
      false,
      false,
      true,
    ]);
    expect(notes.list()).toEqual([".gitignore: has an ignore rule that is malformed or too complex and has no effect"]);
  });

  test("because there are too many", () => {
    const { rules, notes } = rulesOf(["", Array.from({ length: 3000 }, (_, index) => `/a${index}`).join("\n")]);
    expect([rules.ignores("a1999"), rules.ignores("a2000")]).toEqual([true, false]);
    expect(notes.list()).toEqual([".gitignore: has ignore rules beyond the limit of 2000, which have no effect"]);
  });

  test.each(["[", "[z-a]x", "a[]", "\\", "!", "/", "//", "[[:foo:]]", "(", "a{2,1}", "\0", "\\q", "?*[!", "!!a"])(
    "without an error: %j",
    (rule) => {
      const { rules } = rulesOf(["", rule], ["d/", rule], ["d/e/", "b"]);
      expect([rules.ignores("ab/c"), rules.ignores("d/e/b")]).toEqual([false, true]);
    },
  );

  test("nor does a hostile one take long", () => {
    const { rules } = rulesOf(["", "*a*a*a*a*a*a*a*a*a*z\n**/a/**/a/**\n?*?*?*?*?*?*z"]);
    const startedAt = performance.now();
    rules.ignores("a".repeat(255));
    rules.ignores("a/".repeat(64));
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});
