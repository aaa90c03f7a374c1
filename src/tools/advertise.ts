// The JSON Schemas that clients list. Every model that has this server connected pays for them in tokens, so they say what a
// caller needs to know and no more; the zod schemas behind them hold the rest.
import * as z from "zod";
import type { Json } from "../agent/types.ts";

type JsonObject = { [key: string]: Json };

/** Limits are told in the error that names them. */
const UNLISTED = new Set(["$schema", "minLength", "maxLength", "minItems", "maxItems", "format", "pattern"]);

export function inputSchema(input: z.ZodType): JsonObject {
  return slim(z.toJSONSchema(input, { io: "input" }) as Json) as JsonObject; // an object schema stays one
}

/** Accepts every shape of the envelope, the failures included; `status` tells them apart. */
export function outputSchema(result: z.ZodType): JsonObject {
  return {
    type: "object",
    properties: {
      status: { enum: ["completed", "running", "awaiting_approval", "failed", "cancelled", "interrupted"] },
      result: slim(open(z.toJSONSchema(result, { io: "output" }) as Json)),
      error: { type: "object" },
    },
    required: ["status"],
  };
}

/** Without the ban of further keys: it would be repeated at every level, and tells a reader of results nothing. */
function open(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(open);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key, value]) => key !== "additionalProperties" || value !== false);
  return Object.fromEntries(kept.map(([key, value]) => [key, open(value)]));
}

function slim(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(slim);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key, value]) => !UNLISTED.has(key) && !isUnbounded(key, value));
  return Object.fromEntries(kept.map(([key, value]) => [key, key === "properties" ? slimEach(value) : slim(value)]));
}

/** Names of properties are not keywords, whatever they are called. */
function slimEach(properties: Json): Json {
  if (typeof properties !== "object" || properties === null || Array.isArray(properties)) return properties;
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, slim(schema)]));
}

/** zod bounds every integer by what JavaScript can hold exactly. */
function isUnbounded(key: string, value: Json): boolean {
  return (key === "minimum" || key === "maximum") && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
}
