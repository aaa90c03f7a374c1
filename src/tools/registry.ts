// Every tool that runs Codex, in the order in which clients list them.
import { chat } from "./chat.ts";
import type { CodexTool } from "./define-tool.ts";
import { implement } from "./implement.ts";

export const CODEX_TOOLS: readonly CodexTool[] = [implement, chat];

export function findCodexTool(name: string): CodexTool | undefined {
  return CODEX_TOOLS.find((tool) => tool.name === name);
}
