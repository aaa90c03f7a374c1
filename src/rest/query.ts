// A tool's parameters from a query string, where everything is text: the tool's own schema says what is meant.
import type { Tool } from "../tools/catalogue.ts";

/** What does not look like its type stays text, for the tool to refuse by name. */
export function queryParameters(query: URLSearchParams, { inputSchema }: Tool): Record<string, unknown> {
  const entries = [...new Set(query.keys())].map((name) => [
    name,
    toValue(query.getAll(name), typeOf(inputSchema, name)),
  ]);
  return Object.fromEntries(entries);
}

function toValue(texts: readonly string[], type: unknown): unknown {
  const [text = ""] = texts;
  if (type === "array") return texts;
  if (texts.length > 1) return texts;
  if ((type === "integer" || type === "number") && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (type === "boolean" && /^(?:true|false)$/.test(text)) return text === "true";
  return text;
}

function typeOf({ properties }: Tool["inputSchema"], name: string): unknown {
  if (!isRecord(properties) || !Object.hasOwn(properties, name)) return undefined;
  const property = properties[name];
  return isRecord(property) ? property.type : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
