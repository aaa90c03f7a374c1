// What a tool is that runs no Codex: it looks things up or tidies them, and answers with an object of its own.
import type * as z from "zod";
import type { Json } from "../agent/types.ts";
import type { ErrorCode } from "../errors.ts";
import type { Scope } from "../lib/scopes.ts";
import type { CallContext } from "./call-context.ts";
import type { ToolAnswer } from "./catalogue.ts";
import type { ToolAnnotations } from "./define-tool.ts";
import { failureEnvelope } from "./envelope.ts";
import { invalidInput } from "./invalid-input.ts";
import { toMarkdown } from "./markdown.ts";
import { toFailure } from "./run-codex-tool.ts";

type JsonType = "array" | "boolean" | "integer" | "number" | "object" | "string";

interface PlainToolSpec<Input extends z.ZodObject, Result extends object> {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  /** Default `codex:read`. */
  scope?: Scope;
  input: Input;
  /** The result's keys for the list of tools: what is in them shows in the first answer, and costs no tokens before. */
  output: Readonly<Record<string, JsonType>>;
  run(input: z.infer<Input>, context: CallContext): Promise<Result>;
  /** The result as short Markdown. */
  text(result: Result): string;
}

export interface PlainTool {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  scope: Scope;
  input: z.ZodObject;
  outputSchema: { [key: string]: Json };
  /** Never throws for what a caller did. */
  run(parameters: unknown, context: CallContext): Promise<ToolAnswer>;
}

export const READ_ONLY: ToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

export function definePlainTool<Input extends z.ZodObject, Result extends object>(
  spec: PlainToolSpec<Input, Result>,
): PlainTool {
  const { name, title, description, annotations, scope = "codex:read", input } = spec;
  // No key is required: a failure has none of them.
  const properties = Object.fromEntries(Object.entries(spec.output).map(([key, type]) => [key, { type }]));
  return {
    name,
    title,
    description,
    annotations,
    scope,
    input,
    outputSchema: { type: "object", properties },
    run: async (parameters, context) => {
      const parsed = input.safeParse(parameters);
      if (!parsed.success) return failed(name, invalidInput(name, parsed.error));
      try {
        const result = await spec.run(parsed.data, context);
        return {
          structured: Object.fromEntries(Object.entries(result)),
          text: spec.text(result),
          failure: null,
          pending: null,
        };
      } catch (error) {
        return failed(name, toFailure(error, context));
      }
    },
  };
}

function failed(name: string, failure: { code: ErrorCode; message: string }): ToolAnswer {
  const envelope = failureEnvelope(failure);
  const { status, error } = envelope;
  return { structured: { status, error }, text: toMarkdown(name, envelope), failure: failure.code, pending: null };
}
