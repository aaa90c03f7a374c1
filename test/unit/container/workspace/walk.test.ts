import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Notes } from "../../../../container/lib/notes.ts";
import { walkWorkspace } from "../../../../container/runner/workspace/walk.ts";
import { asNobody } from "./as-nobody.ts";
import { file, link, makeFifo, type Tree, temporaryDirectory, writeTree } from "./trees.ts";

function walk(root: string, maxDirectoryEntries = 1000): { paths: string[]; notes: string[] } {
  const notes = new Notes();
  const paths = [...walkWorkspace({ root, maxDirectoryEntries, notes })].filter((path) => path !== undefined);
  return { paths, notes: notes.list() };
}

function directoryWith(tree: Tree): string {
  const root = temporaryDirectory();
  writeTree(root, tree);
  return root;
}

test("paths come in ascending order", () => {
  const paths = ["a", "a-b", "a.b/c", "a0", "b/a", "b-", "ü", "😀/x", "Z"];
  const root = directoryWith(Object.fromEntries(paths.map((path) => [path, file("")])));
  expect(walk(root).paths).toEqual(paths.toSorted());
});

test("links are listed and not followed", () => {
  const root = directoryWith({ "d/a": file(""), l: link("d"), loop: link(".") });
  expect(walk(root).paths).toEqual(["d/a", "l", "loop"]);
});

test("a step that finds nothing is there to pause at", () => {
  const root = directoryWith({
    ".gitignore": file("*.log\n"),
    "1.log": file(""),
    "2.log": file(""),
    "d/3.log": file(""),
  });
  const steps = [...walkWorkspace({ root, maxDirectoryEntries: 1000, notes: new Notes() })];
  expect(steps).toEqual([".gitignore", undefined, undefined, undefined, undefined]);
});

test("large directories are walked like small ones", () => {
  const names = Array.from({ length: 90 }, (_, index) => `${index}`.padStart(40, "0"));
  const root = directoryWith(Object.fromEntries(names.map((name) => [name, file("")])));
  expect(walk(root, 90)).toEqual({ paths: names, notes: [] });
});

test("fifos are left out", () => {
  const root = directoryWith({ a: file("") });
  makeFifo(join(root, "pipe"));
  expect(walk(root)).toEqual({ paths: ["a"], notes: [] });
});

test("repositories are left out at any level, also as files and links", () => {
  const root = directoryWith({
    ".git/HEAD": file(""),
    "nested/.git/HEAD": file(""),
    "nested/a": file(""),
    "module/.git": file("gitdir: ../.git/modules/module"),
    "module/.gitattributes": file(""),
    "linked/.git": link("../.git"),
  });
  expect(walk(root).paths).toEqual(["module/.gitattributes", "nested/a"]);
});

describe("ignored files are left out", () => {
  test("as git leaves them out", () => {
    const tree = {
      ".gitignore": file("*.log\n/dist\nnode_modules/\n!important.log\ndeep/*\n!deep/kept/\n"),
      "a.log": file(""),
      "important.log": file(""),
      "dist/x": file(""),
      "sub/dist/x": file(""),
      "sub/node_modules/x/y": file(""),
      "sub/.gitignore": file("!b.log\nlocal\n/top\nx/*.tmp\n"),
      "sub/a.log": file(""),
      "sub/b.log": file(""),
      "sub/inner/local": file(""),
      "sub/inner/top": file(""),
      "sub/top": file(""),
      "sub/x/1.tmp": file(""),
      "sub/y/x/1.tmp": file(""),
      "deep/gone": file(""),
      "deep/kept/a": file(""),
      "deep/kept/a.log": file(""),
      secret: file(""),
    };
    const root = directoryWith(tree);
    const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" });
    git("init", "--quiet");
    mkdirSync(join(root, ".git/info"), { recursive: true });
    writeFileSync(join(root, ".git/info/exclude"), "secret\n");
    const listed = git("ls-files", "-z", "--others", "--exclude-standard").split("\0").filter(Boolean);
    expect(walk(root).paths).toEqual(listed.sort());
  });

  test("by a .gitignore, even if .git/info/exclude says otherwise", () => {
    const root = directoryWith({
      ".git/info/exclude": file("!a\nb\n"),
      ".gitignore": file("a\n!b\n"),
      a: file(""),
      b: file(""),
    });
    expect(walk(root).paths).toEqual([".gitignore", "b"]);
  });

  test("but not by rules behind a link", () => {
    const outside = directoryWith({ rules: file("a\n"), exclude: file("a\n") });
    const root = directoryWith({ a: file(""), ".gitignore": link(join(outside, "rules")), ".git/HEAD": file("") });
    symlinkSync(outside, join(root, ".git/info"));
    expect(walk(root).paths).toEqual([".gitignore", "a"]);
  });

  test("but not by a .gitignore that is too large, which is noted", () => {
    const root = directoryWith({ a: file(""), ".gitignore": file("a\n") });
    truncateSync(join(root, ".gitignore"), 1_000_000);
    expect(walk(root)).toEqual({
      paths: [".gitignore", "a"],
      notes: [".gitignore: cannot be read or is larger than 131072 bytes: its rules have no effect"],
    });
  });

  test("a .gitignore that is a directory or holds any bytes does no harm", () => {
    const root = directoryWith({ ".gitignore/a": file(""), "d/.gitignore": file(""), "d/b": file("") });
    writeFileSync(join(root, "d/.gitignore"), Buffer.from(Array.from({ length: 2560 }, (_, index) => index % 256)));
    expect(walk(root).paths).toEqual([".gitignore/a", "d/.gitignore", "d/b"]);
  });
});

describe("what cannot be walked is noted", () => {
  test("a directory with too many entries", () => {
    const root = directoryWith({ a: file(""), "d/1": file(""), "d/2": file(""), "d/3": file("") });
    expect(walk(root, 2)).toEqual({ paths: ["a"], notes: ["d/: has more than 2 entries and is not compared"] });
  });

  test("directories that are too deep", () => {
    const root = directoryWith({ [`${"d/".repeat(63)}a`]: file(""), [`${"d/".repeat(64)}b`]: file("") });
    const { paths, notes } = walk(root);
    expect(paths).toEqual([`${"d/".repeat(63)}a`]);
    expect(notes).toEqual([`${"d/".repeat(64)}: is deeper than 64 directories and not compared`]);
  });

  test("a directory that may not be read", async () => {
    const root = directoryWith({ a: file(""), "d/b": file("") });
    chmodSync(root, 0o755);
    chmodSync(join(root, "d"), 0);
    expect(await asNobody(() => walk(root))).toEqual({
      paths: ["a"],
      notes: ["d/: cannot be read and is not compared"],
    });
  });

  test("a directory whose name is not UTF-8", () => {
    const root = directoryWith({ a: file("") });
    mkdirSync(Buffer.concat([Buffer.from(`${root}/x`), Buffer.from([0xff])]));
    expect(walk(root)).toEqual({
      paths: ["a"],
      notes: ['"x\\357\\277\\275/": has a name that is not UTF-8 and is not compared'],
    });
  });
});
