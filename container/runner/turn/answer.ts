// Holds the model's final message against the schema that was asked for. Codex passes a message on as it is.
import * as z from "zod";

export type AnswerCheck = { ok: true } | { ok: false; problem: string };

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

/** `text` is fine when there is no schema, or when it is JSON that fits the schema. `problem` is for the model to read. */
export function checkAnswer(text: string, schema: Readonly<Record<string, unknown>> | null): AnswerCheck {
  if (schema === null) return { ok: true };
  const value = parseJson(text);
  if (value === undefined) return { ok: false, problem: "The message is not valid JSON." };
  // The schema was made from zod by the caller; fromJSONSchema refuses what it does not know.
  const result = z.fromJSONSchema(schema as JsonSchema).safeParse(value.json);
  return result.success ? { ok: true } : { ok: false, problem: z.prettifyError(result.error).slice(0, 4_000) };
}

/** The prompt of the one follow-up turn that a model gets to mend its answer. */
export function repairPrompt(problem: string): string {
  return [
    "Your last message does not fit the output schema of this task:",
    problem,
    "Send the same answer again as one JSON value that fits the schema. Do not run commands and do not change files.",
  ].join("\n\n");
}

function parseJson(text: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
