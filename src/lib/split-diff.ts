// Takes a git-style unified diff apart, file by file.

const HEADER = "diff --git ";

/** Path after the change → that file's part of the diff. */
export function splitDiff(diff: string): Map<string, string> {
  const parts = new Map<string, string>();
  // A header can only stand at the start of a line: inside a hunk every line begins with " ", "+", "-" or "\". Only "\n"
  // ends a line of a diff; to a regular expression with the flag `m` other characters of a file would as well.
  // A line that begins with "# " stands between files and tells of one whose diff is left out.
  for (const part of diff.split(/(?<=\n)(?=diff --git |# )/)) {
    const path = part.startsWith(HEADER) ? pathOf(part) : undefined;
    if (path !== undefined) parts.set(path, (parts.get(path) ?? "") + part);
  }
  return parts;
}

function pathOf(part: string): string | undefined {
  const header = part.slice(HEADER.length, part.indexOf("\n"));
  const quoted = /"b\/((?:[^"\\]|\\.)*)"$/.exec(header)?.[1];
  if (quoted !== undefined) return unquote(quoted);
  const renamed = /\nrename to ([^\n]+)\n/.exec(part)?.[1];
  if (renamed !== undefined) return renamed;
  // `a/<path> b/<path>` with one and the same path, which may itself hold " b/".
  return header.slice((header.length + 1) / 2 + "b/".length);
}

/** git's C-style quoting: octal bytes of UTF-8, and escapes of C. See core.quotePath in git-config(1). */
function unquote(text: string): string {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [token] of text.matchAll(/\\[0-7]{3}|\\.|[^\\]+/gs)) {
    if (/^\\[0-7]{3}$/.test(token)) bytes.push(Number.parseInt(token.slice(1), 8));
    else if (token.startsWith("\\")) bytes.push(...encoder.encode(ESCAPES[token.slice(1)] ?? token.slice(1)));
    else bytes.push(...encoder.encode(token));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
};
