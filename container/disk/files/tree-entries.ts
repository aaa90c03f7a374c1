// Everything below a directory that an archive can hold, a directory before what is in it.
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { absolutePath } from "../paths.ts";

export interface FoundEntry {
  /** One character per byte. */
  path: string;
  stat: Stats;
}

/** What goes meanwhile is left out, as are pipes, sockets and devices. Throws where a directory cannot be read. */
export function* treeEntries(root: string, directory = ""): Generator<FoundEntry> {
  for (const name of readdirSync(absolutePath(root, directory || "."), { encoding: "latin1" }).sort()) {
    const path = directory === "" ? name : `${directory}/${name}`;
    const stat = lstatSync(absolutePath(root, path), { throwIfNoEntry: false });
    if (stat === undefined || !(stat.isFile() || stat.isDirectory() || stat.isSymbolicLink())) continue;
    yield { path, stat };
    if (stat.isDirectory()) yield* treeEntries(root, path);
  }
}
