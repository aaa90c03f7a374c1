// Decides how staged files get to their places, before anything is moved. Paths have one character per byte, and are below the
// data directory. A step is a rename or a link, so that each can be done again, or undone, whatever died between two.
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { HttpFailure } from "../../lib/http.ts";
import { absolutePath } from "../paths.ts";
import { quoted } from "./workspace-path.ts";

/**
 * `out`: what was there goes aside. `keep`: the same for a file that is about to be replaced in one go, by a second name.
 * `in`: what is new takes its place.
 */
export interface Step {
  kind: "out" | "keep" | "in";
  from: string;
  to: string;
}

export interface PlanOptions {
  dataDir: string;
  /** Holds `new`, and `old` for what goes aside. */
  stage: string;
  /** Where what is in the workspace goes away as a whole, relative to the workspace; "" is all of it. */
  replacedAt?: string;
}

export class Plan {
  readonly steps: Step[] = [];
  readonly #options: PlanOptions;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  /** Everything below `new`, merged into the workspace. Throws `conflict`. */
  addTree(): void {
    if (this.#options.replacedAt === "") this.#clear();
    this.#merge("");
  }

  /** Whatever is at `path` goes. Returns false where there is nothing. Throws `conflict` where the way leads through a link. */
  remove(path: string): boolean {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const parent = this.#statOf(`workspace/${path.slice(0, slash)}`);
      if (parent === undefined) return false;
      if (!parent.isDirectory()) throw conflict(path.slice(0, slash), parent);
    }
    if (this.#statOf(`workspace/${path}`) === undefined) return false;
    this.#putAside("out", path);
    return true;
  }

  #clear(): void {
    for (const name of this.#namesIn("workspace")) this.#putAside("out", name);
  }

  #merge(directory: string): void {
    const { stage, replacedAt } = this.#options;
    for (const name of this.#namesIn(`${stage}/new${directory === "" ? "" : `/${directory}`}`)) {
      const path = directory === "" ? name : `${directory}/${name}`;
      const there = replacedAt === "" ? undefined : this.#statOf(`workspace/${path}`);
      const comes = this.#statOf(`${stage}/new/${path}`);
      if (comes === undefined) continue;
      if (there === undefined) this.#putIn(path);
      else if (path === replacedAt) {
        this.#putAside("out", path);
        this.#putIn(path);
      } else if (there.isDirectory() && comes.isDirectory()) this.#merge(path);
      else if (there.isDirectory() || comes.isDirectory()) throw conflict(path, there);
      else {
        this.#putAside("keep", path);
        this.#putIn(path);
      }
    }
  }

  #putAside(kind: "out" | "keep", path: string): void {
    this.steps.push({ kind, from: `workspace/${path}`, to: `${this.#options.stage}/old/${this.steps.length}` });
  }

  #putIn(path: string): void {
    this.steps.push({ kind: "in", from: `${this.#options.stage}/new/${path}`, to: `workspace/${path}` });
  }

  #namesIn(directory: string): string[] {
    return readdirSync(absolutePath(this.#options.dataDir, directory), { encoding: "latin1" });
  }

  #statOf(path: string): Stats | undefined {
    return lstatSync(absolutePath(this.#options.dataDir, path), { throwIfNoEntry: false });
  }
}

function conflict(path: string, there: Stats): HttpFailure {
  const what = there.isDirectory() ? "a directory" : there.isSymbolicLink() ? "a link" : "no directory";
  const shown = quoted(Buffer.from(path, "latin1").toString());
  const message = `${shown} is ${what} in the workspace and something else in what comes. Nothing was written.`;
  return new HttpFailure(409, { code: "conflict", message });
}
