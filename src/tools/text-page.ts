// A long text, page by page.

/** An answer holds a page twice, as text and structured; see fit-answer.ts for what clients take. */
export const MAX_PAGE_CHARS = 40_000;

/** All in UTF-16 code units. */
export interface TextPage {
  text: string;
  offset: number;
  total_chars: number;
  /** Where the next page begins; absent on the last one. */
  next_offset?: number;
}

/** Never ends between the halves of a surrogate pair, save where the page would be empty. */
export function pageOf(whole: string, offset: number, limit: number): TextPage {
  const page = whole.slice(offset, offset + limit);
  const isSplit = page.length > 1 && offset + limit < whole.length && /[\ud800-\udbff]$/.test(page);
  const text = isSplit ? page.slice(0, -1) : page;
  const end = offset + text.length;
  return { text, offset, total_chars: whole.length, ...(end < whole.length ? { next_offset: end } : {}) };
}

export function pageEnd({ total_chars, next_offset }: Omit<TextPage, "text">): string {
  return next_offset === undefined ? "" : `\n\n[${total_chars} characters in all; go on with offset ${next_offset}]`;
}
