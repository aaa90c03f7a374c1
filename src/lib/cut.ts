// Shortens texts in a way that can be seen.

/** Says at the end how much is missing, where something is. The mark comes on top of `maxChars`. */
export function cut(text: string, maxChars: number): string {
  const missing = text.length - maxChars;
  return missing <= 0 ? text : `${text.slice(0, maxChars)}… [${missing} more characters]`;
}
