// Prompts for the main flows: each tells the calling model which tools to use, in which order.
import { completable, type McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { Completions } from "./completions.ts";

export function registerPrompts(server: McpServer, { agentIds }: Completions): void {
  const agentId = z.string().describe("Which of your agents; default: default");
  // In this order: the SDK looks for the completion below `optional`.
  const agent_id = completable(agentId, agentIds).optional();
  const task = z.string().describe("What is to be built or changed");
  const plan = {
    title: "Plan and implement",
    description: "Plan, agree, implement, review",
    argsSchema: z.object({ task, agent_id }),
  };
  server.registerPrompt("plan-and-implement", plan, (args) =>
    said(`${onAgent(args.agent_id)} do this task: ${args.task}

1. Call plan with the task. Show me the plan, and go on when I agree.
2. Call implement with the task and the plan's affected_files. ${WAITING}
3. Call review with content {"workspace": "uncommitted"}. Have what is critical mended by fix.
4. Tell me what has changed, from evidence.diff, and which tests still need writing.`),
  );
  const focus = z.string().optional().describe("What to look at most, for example security");
  const review = {
    title: "Review changes",
    description: "Review what is not committed",
    argsSchema: z.object({ focus, agent_id }),
  };
  server.registerPrompt("review-changes", review, (args) =>
    said(`${onAgent(args.agent_id)} call review with content {"workspace": "uncommitted"}${focusOn(args.focus)}. ${WAITING}
Tell me the critical comments first, with file and line. Change nothing.`),
  );
  const output = z.string().describe("What the failing tests printed");
  const fix = {
    title: "Fix tests",
    description: "Find why tests fail, and mend it",
    argsSchema: z.object({ output, agent_id }),
  };
  server.registerPrompt("fix-tests", fix, (args) =>
    said(`${onAgent(args.agent_id)} call fix with this error_output. ${WAITING}
Then check in evidence.commands that the tests were run again and passed; if they were not, say so.

${args.output}`),
  );
  registerSecondOpinion(server, agent_id);
}

function registerSecondOpinion(server: McpServer, agent_id: z.ZodOptional<z.ZodString>): void {
  const question = z.string().describe("What to decide");
  const argsSchema = z.object({ question, agent_id });
  const listed = { title: "Second opinion", description: "Compare your answer with Codex's", argsSchema };
  server.registerPrompt("second-opinion", listed, (args) =>
    said(`First form your own answer to this: ${args.question}
Then ${onAgent(args.agent_id)} call chat with the same question, without your answer. ${WAITING}
Tell me where you agree, where you do not, and what you would do.`),
  );
}

const WAITING = 'If it returns status "running", call get_turn until it has settled.';

function onAgent(agentId: string | undefined): string {
  return agentId === undefined ? "With Codex," : `With Codex, agent_id ${JSON.stringify(agentId)} in every call,`;
}

function focusOn(focus: string | undefined): string {
  return focus === undefined ? "" : ` and focus_areas ${JSON.stringify([focus])}`;
}

function said(text: string) {
  return { messages: [{ role: "user" as const, content: { type: "text" as const, text } }] };
}
