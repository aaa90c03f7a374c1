import * as z from "zod";
import { defineTool } from "./define-tool.ts";
import { Text, Texts, WorkspacePaths } from "./fields.ts";
import { HONESTY, list, prompt, quoted } from "./prompt.ts";
import { Said } from "./said.ts";

const GUIDE = `Answer the message above. Change no files. Where the answer depends on the workspace, look at it yourself first: read, search, run what only reads.
- context_used: the files you read and the earlier messages that the answer rests on. suggestions and follow_up_questions: only what helps; they may be empty.
- confidence_score: 0.9 and above = checked in the files or by a run; about 0.5 = likely, not checked; below 0.2 = a guess.`;

export const chat = defineTool({
  name: "chat",
  title: "Chat with Codex",
  description:
    "Talk with the agent's Codex: questions, ideas, second opinions. It remembers the conversation and can read the workspace; it changes nothing.",
  access: "read",
  parameters: {
    message: Text.describe("What to say"),
    context: Text.optional().describe("Background for this message"),
    previous_messages: Texts.optional().describe("Earlier messages that Codex has not seen, oldest first"),
    reference_files: WorkspacePaths.optional().describe("Workspace files to read first"),
  },
  result: z.object({
    response: Said,
    suggestions: z.array(z.string()),
    follow_up_questions: z.array(z.string()),
    context_used: z.array(z.string()).describe("Files and earlier messages that the answer rests on"),
    confidence_score: z.number().min(0).max(1),
  }),
  prompt: ({ message, context, previous_messages, reference_files }) =>
    prompt(
      message,
      quoted("Context", context),
      quoted("Earlier messages", previous_messages?.join("\n---\n")),
      list("Read these files first", reference_files),
      GUIDE,
      HONESTY,
    ),
});
