/** A terminal prompt on a dark ground. */
export const ICON_SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#101418"/><path d="m8 10 6 6-6 6m9 0h7" fill="none" stroke="#7ee0b8" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>';
