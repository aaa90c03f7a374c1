// What a tool that runs Codex is: its parameters, its result, what it may do, and how its prompt is made.
import * as z from "zod";
import type { Access } from "../../container/protocol.ts";
import type { Evidence, Json } from "../agent/types.ts";
import { toCodexSchema } from "./codex-schema.ts";
import { TurnParameters } from "./fields.ts";

export interface ToolAnnotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

/** `notes` join those of the evidence: what did not agree and has no place in the result. */
export interface Reconciled<Result> {
  result: Result;
  notes: string[];
}

interface ToolSpec<Own extends z.ZodRawShape, Result extends z.ZodObject> {
  name: string;
  title: string;
  description: string;
  /** The tool's own parameters; those of every turn are added. */
  parameters: Own;
  result: Result;
  access: Access;
  /** What is wrong with parameters that fit one by one; undefined when all is well. */
  check?(input: z.infer<z.ZodObject<Own>>): string | undefined;
  prompt(input: z.infer<z.ZodObject<Own>>): string;
  /** Brings the model's account in line with what was observed. */
  reconcile?(result: z.infer<Result>, evidence: Evidence): Reconciled<z.infer<Result>>;
}

export interface CodexTool {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  access: Access;
  /** Everything a caller may send; nothing else is accepted. */
  input: z.ZodObject;
  result: z.ZodObject;
  /** The same as `result`, for Codex. */
  codexSchema: { [key: string]: Json };
  turnParameters(input: unknown): TurnParameters;
  /** What is wrong with an input that `input` has parsed. */
  check(input: unknown): string | undefined;
  /** The prompt for an input that `input` has parsed. */
  prompt(input: unknown): string;
  reconcile(result: Record<string, unknown>, evidence: Evidence): Reconciled<Record<string, unknown>>;
}

export function defineTool<Own extends z.ZodRawShape, Result extends z.ZodObject>(
  spec: ToolSpec<Own, Result>,
): CodexTool {
  const own = z.object(spec.parameters);
  const { reconcile } = spec;
  const writes = spec.access === "write";
  return {
    name: spec.name,
    title: spec.title,
    description: spec.description,
    // A read tool still adds a turn to the conversation and spends tokens, so a second call is not the same as one.
    annotations: { readOnlyHint: !writes, destructiveHint: writes, idempotentHint: false, openWorldHint: true },
    access: spec.access,
    input: z.strictObject({ ...spec.parameters, ...TurnParameters.shape }),
    result: spec.result,
    codexSchema: toCodexSchema(spec.result),
    turnParameters: (input) => TurnParameters.parse(input),
    check: (input) => spec.check?.(own.parse(input)),
    prompt: (input) => spec.prompt(own.parse(input)),
    reconcile: (result, evidence) =>
      // The cast mends what zod loses of the generic.
      reconcile?.(spec.result.parse(result) as z.infer<Result>, evidence) ?? { result, notes: [] },
  };
}
