import type { CallToolResult } from "@modelcontextprotocol/server";
import type { ToolAnswer } from "../tools/catalogue.ts";

export function toResult({ structured, text, failure }: ToolAnswer): CallToolResult {
  return {
    content: [{ type: "text", text }],
    structuredContent: structured,
    ...(failure === null ? {} : { isError: true }),
  };
}
