import { expect, it } from "vitest";
import { visible } from "../../../src/lib/visible.ts";

it.each([
  ["plain text in any script, with tabs and newlines", "Grüße,\n\t世界 👍", "Grüße,\n\t世界 👍"],
  ["Windows line ends", "a\r\nb", "a\nb"],
  ["a carriage return that would overwrite the line", "rm -rf /\rls", "rm -rf /\\u{d}ls"],
  ["escape sequences", "\u001b[2Jls", "\\u{1b}[2Jls"],
  ["bidirectional overrides", "a\u202eb\u2066c", "a\\u{202e}b\\u{2066}c"],
  ["zero-width and tag characters", "a\u200bb\u{e0041}", "a\\u{200b}b\\u{e0041}"],
  ["line and paragraph separators", "a\u2028b\u2029", "a\\u{2028}b\\u{2029}"],
])("%s", (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});
