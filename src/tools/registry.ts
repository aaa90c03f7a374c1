// Every tool that runs Codex, in the order in which clients list them.
import { audit } from "./audit.ts";
import { chat } from "./chat.ts";
import { debug } from "./debug.ts";
import type { CodexTool } from "./define-tool.ts";
import { fix } from "./fix.ts";
import { implement } from "./implement.ts";
import { plan } from "./plan.ts";
import { review } from "./review.ts";

export const CODEX_TOOLS: readonly CodexTool[] = [plan, implement, review, fix, chat, audit, debug];

export function findCodexTool(name: string): CodexTool | undefined {
  return CODEX_TOOLS.find((tool) => tool.name === name);
}
