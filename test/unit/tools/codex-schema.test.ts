import { describe, expect, it } from "vitest";
import * as z from "zod";
import { fromCodexAnswer, toCodexSchema } from "../../../src/tools/codex-schema.ts";

const Finding = z.object({
  title: z.string(),
  place: z.object({ file: z.string(), line: z.number().int().optional() }).optional(),
});
const Result = z.object({
  verdict: z.enum(["pass", "fail"]),
  findings: z.array(Finding),
  summary: z.string().optional(),
  choice: z.union([z.object({ a: z.string().optional() }), z.string()]).optional(),
  count: z.number().default(1),
});

type Schema = { [key: string]: Schema } & { required?: string[]; properties?: Record<string, Schema> };

/** Every object schema inside, the outer one included. */
function objectsIn(schema: unknown): Schema[] {
  if (typeof schema !== "object" || schema === null) return [];
  const inner = Object.values(schema).flatMap(objectsIn);
  return "properties" in schema && "type" in schema ? [schema as Schema, ...inner] : inner;
}

describe("the schema for Codex", () => {
  it("requires every key of every object and allows no other", () => {
    const objects = objectsIn(toCodexSchema(Result));
    expect(objects.length).toBe(4);
    for (const object of objects) {
      expect(object.additionalProperties).toBe(false);
      expect(object.required).toEqual(Object.keys(object.properties ?? {}));
    }
  });

  it("lets null stand for what is optional, and for nothing else", () => {
    const { properties } = toCodexSchema(Result) as Schema;
    expect(properties?.summary).toEqual({ anyOf: [{ type: "string" }, { type: "null" }] });
    expect(properties?.verdict).toEqual({ type: "string", enum: ["pass", "fail"] });
    expect(JSON.stringify(properties?.findings)).toContain('"line":{"anyOf":[{"type":"integer"');
    expect(JSON.stringify(properties?.count)).not.toContain("null");
  });

  it("says nothing of its dialect", () => {
    expect(toCodexSchema(Result)).not.toHaveProperty("$schema");
  });

  it("is accepted and understood by zod again", () => {
    const parser = z.fromJSONSchema(toCodexSchema(Result) as Parameters<typeof z.fromJSONSchema>[0]);
    const answer = { verdict: "pass", findings: [{ title: "t", place: null }], summary: null, choice: null, count: 2 };
    expect(parser.safeParse(answer).success).toBe(true);
    expect(parser.safeParse({ ...answer, verdict: null }).success).toBe(false);
    expect(parser.safeParse({ ...answer, findings: [{ title: "t" }] }).success).toBe(false);
    expect(parser.safeParse({ ...answer, extra: 1 }).success).toBe(false);
  });

  it("handles properties that are named like parts of a schema", () => {
    const odd = z.object({
      type: z.string().optional(),
      properties: z.string().optional(),
      required: z.array(z.string()),
    });
    const schema = toCodexSchema(odd) as Schema;
    expect(schema.required).toEqual(["type", "properties", "required"]);
    expect(schema.properties?.type).toEqual({ anyOf: [{ type: "string" }, { type: "null" }] });
  });
});

describe("an answer of Codex", () => {
  it.each([
    [
      { verdict: "pass", findings: [{ title: "t", place: null }], summary: null, choice: null, count: 1 },
      { verdict: "pass", findings: [{ title: "t" }], count: 1 },
    ],
    [
      {
        verdict: "fail",
        findings: [{ title: "t", place: { file: "f", line: null } }],
        summary: "",
        choice: { a: null },
        count: 0,
      },
      { verdict: "fail", findings: [{ title: "t", place: { file: "f" } }], summary: "", choice: {}, count: 0 },
    ],
  ])("becomes a result of the tool", (answer, result) => {
    const undone = fromCodexAnswer(answer);
    expect(undone).toEqual(result);
    expect(Result.safeParse(undone).success).toBe(true);
  });

  it.each([null, 0, false, "", "text", [], [1, null], {}])("that is plain stays as it is: %j", (value) => {
    expect(fromCodexAnswer(value)).toEqual(value);
  });
});
