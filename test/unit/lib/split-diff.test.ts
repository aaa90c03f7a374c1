import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { splitDiff } from "../../../src/lib/split-diff.ts";
import { makeScratchDir } from "../../support/app-server-driver.ts";

const part = (path: string, body = "@@ -1 +1 @@\n-a\n+b\n") =>
  `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n${body}`;

const split = (diff: string) => Object.fromEntries(splitDiff(diff));

it("has one part for each file, which together are the whole", () => {
  const parts = [part("a.ts"), part("dir/b.ts"), part("c")];
  expect(split(parts.join(""))).toEqual({ "a.ts": parts[0], "dir/b.ts": parts[1], c: parts[2] });
});

it.each(["", "no diff at all\n", "@@ -1 +1 @@\n-a\n+b\n"])("has no part without a header: %j", (text) => {
  expect(split(text)).toEqual({});
});

describe("the path of a part", () => {
  it.each(["with space.txt", "a b/c d", "x b/y", "b/b b/b", " leading", "trailing ", "diff --git", "b/", "...", "-->"])(
    "is read from a header without quotes: %j",
    (path) => {
      expect(Object.keys(split(part(path)))).toEqual([path]);
    },
  );

  it.each([
    ['"a/tab\\there" "b/tab\\there"', "tab\there"],
    ['"a/quote\\"d" "b/quote\\"d"', 'quote"d'],
    ['"a/back\\\\slash" "b/back\\\\slash"', "back\\slash"],
    ['"a/new\\nline" "b/new\\nline"', "new\nline"],
    ['"a/\\303\\251t\\303\\251" "b/\\303\\251t\\303\\251"', "été"],
    ['"a/\\360\\237\\230\\200" "b/\\360\\237\\230\\200"', "😀"],
    ['"a/é\\t" "b/é\\t"', "é\t"],
    ['"a/x \\"b/y" "b/x \\"b/y"', 'x "b/y'],
    ['"a/\\0011" "b/\\0011"', "\u00011"],
  ])("is unquoted as git quotes: %s", (header, path) => {
    expect(Object.keys(split(`diff --git ${header}\nnew file mode 100644\n`))).toEqual([path]);
  });

  it.each([
    ["a/old.ts b/new.ts", "rename from old.ts\nrename to new.ts\n", "new.ts"],
    ["a/old name b/new name", "rename from old name\nrename to new name\n", "new name"],
    ['a/old.ts "b/n\\303\\251w.ts"', 'rename from old.ts\nrename to "n\\303\\251w.ts"\n', "néw.ts"],
    ['"a/\\303\\251" b/plain', 'rename from "\\303\\251"\nrename to plain\n', "plain"],
  ])("is the new one of a rename: %s", (header, lines, path) => {
    expect(Object.keys(split(`diff --git ${header}\nsimilarity index 90%\n${lines}`))).toEqual([path]);
  });
});

describe("what stands inside a file", () => {
  // Line breaks to an editor, but not to a diff.
  it.each(["\r", "\u2028", "\u2029", "\v", "\f"])("is never taken for a header, also after %j", (lineBreak) => {
    const fake = `+x${lineBreak}diff --git a/fake b/fake${lineBreak}rename to fake\n`;
    const whole = part("real.ts", `@@ -1 +1 @@\n-a\n${fake}+end\n`);
    expect(split(whole)).toEqual({ "real.ts": whole });
  });

  it("is never taken for a rename", () => {
    const whole = part("real.ts", "@@ -1,2 +1,2 @@\n rename to fake\n-rename to fake\n+rename to fake\n");
    expect(split(whole)).toEqual({ "real.ts": whole });
  });
});

describe("a diff that git made", () => {
  let root: string;
  const git = (...args: string[]) => execFileSync("git", ["-C", root, ...args]).toString();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  beforeEach(() => {
    root = makeScratchDir("diff-");
    git("init", "--quiet");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("is taken apart by the paths that git itself lists", () => {
    const paths = [
      "plain",
      "with space",
      "x b/y b/z",
      'quo"te',
      "tab\t",
      "é漢😀",
      "new\nline",
      "-dash",
      "back\\slash",
      "\u0001",
    ];
    for (const path of paths) write(path, `content of ${path.length}\nline\n`);
    write("moved from", "a\nb\nc\nd\ne\nf\n");
    git("add", "--all");
    execFileSync("git", ["-C", root, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "x"]);
    for (const path of paths) write(path, `other content of ${path.length}\nline\n`);
    git("mv", "moved from", "moved to é");
    git("add", "--all");
    const listed = git("diff", "--cached", "--name-only", "-M", "-z").split("\0").filter(Boolean);
    expect([...splitDiff(git("diff", "--cached", "-M")).keys()].sort()).toEqual(listed.sort());
  });
});
