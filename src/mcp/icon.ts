import { ICON_SVG } from "../lib/icon-svg.ts";

/** Inline, so that a client need not ask anybody for it. */
export const ICON = { src: `data:image/svg+xml;base64,${btoa(ICON_SVG)}`, mimeType: "image/svg+xml", sizes: ["any"] };
