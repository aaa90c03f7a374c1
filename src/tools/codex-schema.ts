// A tool's result schema in the form that Codex passes to the model, and the way back. The model API's strict mode wants
// every key required and none besides, so what is optional for our callers is nullable for the model.
// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
import * as z from "zod";
import type { Json } from "../agent/types.ts";

type JsonObject = { [key: string]: Json };

export function toCodexSchema(result: z.ZodType): JsonObject {
  const { $schema: _, ...schema } = z.toJSONSchema(result, { io: "output" });
  return strict(schema as JsonObject) as JsonObject; // JSON by construction; strict() keeps an object an object
}

/** Undoes what {@link toCodexSchema} did to optional keys. */
export function fromCodexAnswer(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(fromCodexAnswer);
  if (typeof answer !== "object" || answer === null) return answer;
  const entries = Object.entries(answer).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, fromCodexAnswer(value)]));
}

function strict(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const walked: JsonObject = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const { properties } = walked;
  if (walked.type !== "object" || !isObject(properties)) return walked;
  const required = new Set(Array.isArray(walked.required) ? walked.required : []);
  const nullable = Object.entries(properties).map(([key, value]) => [key, required.has(key) ? value : orNull(value)]);
  return {
    ...walked,
    properties: Object.fromEntries(nullable),
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

function orNull(schema: Json): Json {
  return { anyOf: [schema, { type: "null" }] };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
