// Paths on an agent's disk. A name need not be UTF-8, so a path is a text with one character per byte (latin1), relative to the
// directory that holds the roots.

/** What is kept of an agent, below its data directory: the workspace, and what it installed in its home. */
export const ROOTS: readonly string[] = ["workspace", "home"];

const ASCII = /^[\0-\x7f]*$/;

/** As a plain text, `path` would be taken for UTF-8. */
export function absolutePath(directory: string, path: string): string | Buffer {
  if (ASCII.test(path)) return `${directory}/${path}`;
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(path, "latin1")]);
}
