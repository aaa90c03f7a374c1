// Makes text from outside safe to look at: what a terminal would act upon, and what reorders or hides text, is written out.

/** Controls other than tab and newline, and format characters: bidirectional overrides, zero-width ones, tags. */
const INVISIBLE = /[^\P{Cc}\t\n]|\p{Cf}|[\u2028\u2029]/gu;

export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`);
}
