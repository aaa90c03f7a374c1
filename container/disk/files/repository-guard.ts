// Takes out of a staged tree what makes git run programs, or reach out of its repository, for whoever uses it later: hooks,
// settings, links and pointers in what is, or looks like, a repository. What git needs to work stays.
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path/posix";
import { Notes } from "../../lib/notes.ts";
import { createTimeSlice } from "../../runner/workspace/time-slice.ts";
import { absolutePath } from "../paths.ts";
import { removePath } from "../remove.ts";
import { removeHarmful } from "./repository-settings.ts";
import { isGitName } from "./workspace-path.ts";

export interface GuardedTree {
  /** Without those of repositories. */
  files: number;
  bytes: number;
  notes: string[];
}

const MAX_CONFIG_BYTES = 1024 * 1024;
/** They lead to another repository, or to settings elsewhere. */
const POINTERS = [
  ...["commondir", "gitdir", "config.worktree", "worktrees"],
  ...["objects/info/alternates", "objects/info/http-alternates"],
];

/** `root` is absolute; nothing else works in it. */
export async function guardTree(root: string): Promise<GuardedTree> {
  const guard = new RepositoryGuard(root);
  await guard.look("");
  return { files: guard.files, bytes: guard.bytes, notes: guard.notes.list() };
}

class RepositoryGuard {
  files = 0;
  bytes = 0;
  readonly notes = new Notes();
  readonly #root: string;
  readonly #pause = createTimeSlice();

  constructor(root: string) {
    this.#root = root;
  }

  async look(directory: string): Promise<void> {
    const names = this.#namesIn(directory);
    // A bare repository: git takes it for one when it is used in there.
    if (["HEAD", "objects", "refs"].every((name) => names.includes(name))) await this.#guard(directory);
    for (const name of names) {
      await this.#pause();
      const path = join(directory, name);
      const stat = this.#statOf(path);
      if (stat === undefined) continue;
      if (isGitName(Buffer.from(name, "latin1").toString())) await this.#onGitName(path, stat);
      else if (stat.isDirectory()) await this.look(path);
      else this.#count(path, stat);
    }
  }

  #count(path: string, stat: Stats): void {
    this.files++;
    if (stat.isFile()) this.bytes += stat.size;
    if (!stat.isSymbolicLink()) return;
    const target = readlinkSync(absolutePath(this.#root, path), { encoding: "latin1" });
    if (isAbsolute(target) || leadsUp(join(dirname(path), target))) {
      this.notes.add(shown(path), "is a link that leads out of the workspace; nothing is read or written through it");
    }
  }

  async #onGitName(path: string, stat: Stats): Promise<void> {
    if (!path.endsWith(".git")) this.#drop(path, "is taken for .git by some file systems and left out");
    else if (stat.isDirectory()) await this.#guard(path);
    else if (!this.#isSubmodule(path, stat)) this.#drop(path, "leads to a repository elsewhere and is left out");
  }

  /** A submodule's `.git` is a file that names a place in the repository around it. */
  #isSubmodule(path: string, stat: Stats): boolean {
    if (!stat.isFile() || stat.size > 5_000) return false;
    const text = readFileSync(absolutePath(this.#root, path), "latin1");
    const target = /^gitdir: ([^\n]+)\n?$/.exec(text)?.[1];
    if (target === undefined || isAbsolute(target)) return false;
    const place = normalize(join(dirname(path), target));
    return !leadsUp(place) && /(^|\/)\.git\/modules\//.test(place);
  }

  /** `directory` is a repository. */
  async #guard(directory: string): Promise<void> {
    for (const pointer of POINTERS) {
      this.#dropIfThere(join(directory, pointer), "makes git look elsewhere and is left out");
    }
    this.#dropLinks(directory);
    this.#dropHooks(join(directory, "hooks"));
    await this.#guardSettings(join(directory, "config"));
    await this.#guardModules(join(directory, "modules"));
  }

  /** The repositories of submodules, at any depth: their names may have slashes. */
  async #guardModules(directory: string): Promise<void> {
    if (!this.#statOf(directory)?.isDirectory()) return;
    const names = this.#namesIn(directory);
    if (names.includes("HEAD")) return await this.#guard(directory);
    for (const name of names) await this.#guardModules(join(directory, name));
  }

  #dropLinks(directory: string): void {
    for (const name of this.#namesIn(directory)) {
      const path = join(directory, name);
      const stat = this.#statOf(path);
      if (stat?.isSymbolicLink()) this.#drop(path, "is a link in a repository and is left out");
      else if (stat?.isDirectory()) this.#dropLinks(path);
    }
  }

  #dropHooks(path: string): void {
    const stat = this.#statOf(path);
    if (stat?.isDirectory() && this.#namesIn(path).every((name) => name.endsWith(".sample"))) return;
    this.#dropIfThere(path, "holds hooks, which git would run, and is left out");
  }

  async #guardSettings(path: string): Promise<void> {
    const stat = this.#statOf(path);
    if (stat === undefined) return;
    const isReadable = stat.isFile() && stat.size <= MAX_CONFIG_BYTES;
    const removed = isReadable ? await removeHarmful(`${this.#root}/${shown(path)}`) : undefined;
    if (removed === undefined) this.#drop(path, "cannot be read as git's settings and is left out");
    for (const key of removed ?? []) {
      this.notes.add(
        `${shown(path)}: ${key.slice(0, 200)}`,
        "could make git run programs or hold a secret, and is left out",
      );
    }
  }

  #dropIfThere(path: string, why: string): void {
    if (this.#statOf(path) !== undefined) this.#drop(path, why);
  }

  #drop(path: string, why: string): void {
    removePath(this.#root, path);
    this.notes.add(shown(path), why);
  }

  #namesIn(directory: string): string[] {
    return readdirSync(absolutePath(this.#root, directory || "."), { encoding: "latin1" }).sort();
  }

  #statOf(path: string): Stats | undefined {
    return lstatSync(absolutePath(this.#root, path), { throwIfNoEntry: false });
  }
}

function leadsUp(path: string): boolean {
  return path === ".." || path.startsWith("../");
}

/** For people, and for a program that takes UTF-8. */
function shown(path: string): string {
  return Buffer.from(path, "latin1").toString();
}
