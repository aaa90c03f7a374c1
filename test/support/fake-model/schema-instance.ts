// A minimal instance of a JSON schema, grown around the parts that a script gives.

export type JsonSchema = {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  minItems?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  format?: string;
  pattern?: string;
};

type Growth = { root: JsonSchema; text: string };

const formatSamples: Record<string, string> = {
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  time: "00:00:00Z",
  duration: "PT1M",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "127.0.0.1",
  ipv6: "::1",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};
const patternSamples = ["a", "1", "A", "a1", "A1", "A-1", "a-1", "0".repeat(40), "0".repeat(64), "a.ts", "/a", "1.0.0"];

/**
 * `partial` wins wherever it says something, at any depth; what it leaves out follows the schema: null where null is
 * allowed, else the first alternative, the first enum value, the number nearest to 0, no more items than needed.
 * Every string that the schema leaves free is `text`.
 */
export function growInstance(schema: JsonSchema, partial: unknown, text: string): unknown {
  return grow(schema, partial, { root: schema, text });
}

function grow(schema: JsonSchema, partial: unknown, growth: Growth): unknown {
  if (schema.$ref !== undefined) return grow(resolve(schema.$ref, growth.root), partial, growth);
  if (partial !== undefined && (partial === null || typeof partial !== "object")) return partial;
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return grow(chooseBranch(branches, partial, growth.root), partial, growth);
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (partial === undefined && typesOf(schema).includes("null")) return null;
  if (Array.isArray(partial)) return partial.map((item) => grow(schema.items ?? {}, item, growth));
  if (isRecord(partial)) return growObject(schema, partial, growth);
  return growFresh(schema, growth);
}

function growFresh(schema: JsonSchema, growth: Growth): unknown {
  switch (typesOf(schema)[0]) {
    case "object":
      return growObject(schema, {}, growth);
    case "array":
      return Array.from({ length: schema.minItems ?? 0 }, () => grow(schema.items ?? {}, undefined, growth));
    case "integer":
    case "number":
      return numberNearestZero(schema);
    case "boolean":
      return false;
    case "null":
      return null;
    default:
      return fittingString(schema, growth.text);
  }
}

function growObject(schema: JsonSchema, partial: Record<string, unknown>, growth: Growth): Record<string, unknown> {
  const properties = schema.properties ?? {};
  const needed = new Set([...(schema.required ?? []), ...Object.keys(partial)]);
  const inSchemaOrder = Object.keys(properties).filter((name) => needed.has(name));
  const names = new Set([...inSchemaOrder, ...needed]);
  return Object.fromEntries([...names].map((name) => [name, grow(properties[name] ?? {}, partial[name], growth)]));
}

function resolve(ref: string, root: JsonSchema): JsonSchema {
  let found: unknown = root;
  for (const segment of ref.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    const key = decodeURIComponent(segment).replaceAll("~1", "/").replaceAll("~0", "~");
    found = isRecord(found) ? found[key] : undefined;
  }
  if (!isRecord(found)) throw new Error(`the output schema has no ${ref}`);
  return found;
}

function chooseBranch(branches: JsonSchema[], partial: unknown, root: JsonSchema): JsonSchema {
  const resolved = branches.map((branch) => (branch.$ref === undefined ? branch : resolve(branch.$ref, root)));
  const chosen =
    partial === undefined
      ? resolved.find((branch) => typesOf(branch).includes("null"))
      : resolved.find((branch) => fits(branch, partial));
  return chosen ?? resolved[0] ?? {};
}

/** Whether the kind of value agrees and no fixed property (such as the tag of a union) contradicts the partial. */
function fits(schema: JsonSchema, partial: unknown): boolean {
  if (Array.isArray(partial)) return typesOf(schema).includes("array");
  if (!isRecord(partial) || !typesOf(schema).includes("object")) return false;
  return Object.entries(partial).every(([name, value]) => {
    const property = schema.properties?.[name];
    if (!property) return false;
    if ("const" in property) return property.const === value;
    return property.enum?.includes(value) ?? true;
  });
}

function typesOf(schema: JsonSchema): string[] {
  if (schema.type !== undefined) return [schema.type].flat();
  if (schema.properties) return ["object"];
  return schema.items ? ["array"] : [];
}

function numberNearestZero(schema: JsonSchema): number {
  const { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = schema;
  const step = schema.multipleOf ?? (schema.type === "integer" ? 1 : 0);
  if (exclusiveMinimum >= 0) {
    if (step > 0) return (Math.floor(exclusiveMinimum / step) + 1) * step;
    return (exclusiveMinimum + Math.min(maximum, exclusiveMinimum + 2)) / 2;
  }
  const nearest = Math.min(Math.max(0, minimum), maximum);
  if (step === 0) return nearest;
  return (nearest > 0 ? Math.ceil(nearest / step) : Math.floor(nearest / step)) * step;
}

function fittingString(schema: JsonSchema, text: string): string {
  if (schema.format !== undefined) return formatSamples[schema.format] ?? text;
  if (schema.pattern === undefined) return text.slice(0, schema.maxLength).padEnd(schema.minLength ?? 0, ".");
  const pattern = new RegExp(schema.pattern, "u");
  const sample = [text, ...patternSamples].find((candidate) => pattern.test(candidate));
  if (sample === undefined)
    throw new Error(`no sample for the pattern ${schema.pattern}; name a value in an answer step`);
  return sample;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
