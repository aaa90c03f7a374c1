// Git's C-style quoting of path names (quote.c, core.quotePath=true).

const namedEscapes = new Map([
  [0x07, "\\a"],
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0b, "\\v"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
  [0x22, '\\"'],
  [0x5c, "\\\\"],
]);

/** The path as git prints it: unchanged, or in double quotes with C escapes where a byte is a control, a quote, a backslash or ≥ 0x7f. */
export function quotePath(path: string): string {
  if (/^[ !#-[\]-~]*$/.test(path)) return path;
  let quoted = '"';
  for (const byte of Buffer.from(path)) quoted += escapeByte(byte);
  return `${quoted}"`;
}

function escapeByte(byte: number): string {
  const named = namedEscapes.get(byte);
  if (named !== undefined) return named;
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\${byte.toString(8).padStart(3, "0")}`;
}
