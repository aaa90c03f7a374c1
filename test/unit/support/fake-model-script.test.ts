import { describe, expect, it } from "vitest";
import { growInstance } from "../../support/fake-model/schema-instance.ts";
import { readScript, type Step, script, withoutScript } from "../../support/fake-model/script.ts";

describe("a script in a prompt", () => {
  const steps: Step[] = [{ run: 'echo "]] }" \\ <b> & \n [[ {' }, { say: "ende ]]" }];

  it("is found whatever stands around it and inside its strings", () => {
    const prompt = `Do {this} [[x]].\n  ${script(...steps)}\nMore }} ]] text.`;
    expect(readScript(prompt)).toEqual(steps);
    expect(withoutScript(prompt)).toBe("Do {this} [[x]].\n  \nMore }} ]] text.");
  });

  it("survives code that escapes markup", () => {
    expect(script(...steps)).not.toMatch(/[<>&\n]/);
  });

  it("is the last one of several", () => {
    expect(readScript(`Before: ${script({ say: "old" })} now: ${script({ say: "new" })}`)).toEqual([{ say: "new" }]);
  });

  it("is not there in a plain prompt", () => {
    expect(readScript("plain")).toBeUndefined();
    expect(withoutScript("plain")).toBe("plain");
  });
});

describe("an instance of a schema", () => {
  const string = { type: "string" };
  const object = (properties: Record<string, object>) => ({
    type: "object",
    properties,
    required: Object.keys(properties),
  });

  it.each([
    ["a free string", string, "words"],
    ["a bounded string", { ...string, minLength: 7 }, "words.."],
    ["a short string", { ...string, maxLength: 3 }, "wor"],
    ["a date", { ...string, format: "date" }, "2026-01-01"],
    ["a string of a pattern", { ...string, pattern: "^[0-9a-f]{40}$" }, "0".repeat(40)],
    ["an enum", { ...string, enum: ["b", "a"] }, "b"],
    ["a constant", { const: 5 }, 5],
    ["an integer", { type: "integer", minimum: -9, maximum: 9 }, 0],
    ["a positive integer", { type: "integer", exclusiveMinimum: 0 }, 1],
    ["a number in bounds", { type: "number", minimum: 2.5, maximum: 4 }, 2.5],
    ["a fraction", { type: "number", minimum: 0.2, maximum: 0.8 }, 0.2],
    ["an open interval", { type: "number", exclusiveMinimum: 0, maximum: 1 }, 0.5],
    ["a multiple", { type: "integer", minimum: 7, multipleOf: 5 }, 10],
    ["a negative number", { type: "number", maximum: -2 }, -2],
    ["a boolean", { type: "boolean" }, false],
    ["an array", { type: "array", items: string }, []],
    ["an array that may not be empty", { type: "array", items: string, minItems: 2 }, ["words", "words"]],
    ["a nullable type", { type: ["string", "null"] }, null],
    ["a nullable alternative", { anyOf: [string, { type: "null" }] }, null],
    ["alternatives", { anyOf: [{ type: "boolean" }, string] }, false],
    ["an object without what it does not require", { ...object({ a: string }), required: [] }, {}],
    ["a reference", { $defs: { n: { type: "integer" } }, ...object({ a: { $ref: "#/$defs/n" } }) }, { a: 0 }],
  ])("is minimal for %s", (_, schema, expected) => {
    expect(growInstance(schema, undefined, "words")).toEqual(expected);
  });

  it("grows around the given parts at any depth", () => {
    const finding = object({
      title: string,
      line: { type: ["integer", "null"] },
      tags: { type: "array", items: string },
    });
    const schema = object({
      summary: string,
      findings: { type: "array", items: finding },
      best: { anyOf: [finding, { type: "null" }] },
    });
    const partial = { findings: [{ title: "a" }, { line: 3 }], best: { title: "b" } };
    expect(growInstance(schema, partial, "words")).toEqual({
      summary: "words",
      findings: [
        { title: "a", line: null, tags: [] },
        { title: "words", line: 3, tags: [] },
      ],
      best: { title: "b", line: null, tags: [] },
    });
  });

  it("takes the alternative that the given tag names", () => {
    const branches = ["x", "y"].map((kind) => object({ kind: { const: kind }, [`of_${kind}`]: string }));
    expect(growInstance({ anyOf: branches }, { kind: "y" }, "words")).toEqual({ kind: "y", of_y: "words" });
  });

  it("cannot be made for a pattern of which no sample is known", () => {
    expect(() => growInstance({ ...string, pattern: "^zebra$" }, undefined, "words")).toThrow("zebra");
    expect(growInstance({ ...string, pattern: "^zebra$" }, "zebra", "words")).toBe("zebra");
  });
});
