import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { readTree, type Tree, temporaryDirectory, writeTree } from "./trees.ts";

/** What `git apply` makes of the tree. Throws with git's message if the diff does not apply. */
export function applyWithGit(tree: Tree, diff: string): Tree {
  const directory = temporaryDirectory();
  writeTree(directory, tree);
  if (diff !== "") runGit(directory, ["apply", "--whitespace=nowarn", "-"], diff);
  return readTree(directory);
}

/** Added and removed lines by path as git counts them; renamed files are under their new path. */
export function countWithGit(diff: string): Record<string, [added: number, removed: number]> {
  if (diff === "") return {};
  const counts: Record<string, [number, number]> = {};
  for (const record of runGit(temporaryDirectory(), ["apply", "--numstat", "-z", "-"], diff).split("\0")) {
    const [, added, removed, path] = /^(\d+)\t(\d+)\t(.*)$/s.exec(record) ?? [];
    if (path !== undefined) counts[path] = [Number(added), Number(removed)];
  }
  return counts;
}

function runGit(cwd: string, args: string[], input: string): string {
  const env = {
    PATH: process.env.PATH,
    // The user's settings and a repository above must not have a say.
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CEILING_DIRECTORIES: dirname(cwd),
  };
  return execFileSync("git", args, { cwd, env, input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
}
