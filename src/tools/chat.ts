import * as z from "zod";
import { defineTool } from "./define-tool.ts";
import { Text, Texts, WorkspacePaths } from "./fields.ts";
import { HONESTY, list, prompt, quoted } from "./prompt.ts";

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
    response: z.string(),
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
      `Answer the message. Change no files. ${HONESTY}`,
    ),
});
