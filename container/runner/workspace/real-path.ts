// Where a path really leads: a repository can hold links to anywhere, and what is written behind one lands there.
import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** The path with its links followed, as far as it exists; where they lead in circles, as it is. */
export function realPath(path: string, linksLeft: number = MAX_LINKS): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    if (parent === path || linksLeft === 0) return path;
    const target = linkTarget(path);
    // A link to what is not there yet: to write to it makes what it names.
    if (target !== undefined) return realPath(resolve(parent, target), linksLeft - 1);
    return join(realPath(parent, linksLeft), basename(path));
  }
}

/** Undefined for what is no link. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
