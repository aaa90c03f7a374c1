import { describe, expect, it } from "vitest";
import { checkAnswer, repairPrompt } from "../../../../../container/runner/turn/answer.ts";

const schema = {
  type: "object",
  properties: {
    verdict: { type: "string", enum: ["pass", "fail"] },
    score: { type: "integer", minimum: 0, maximum: 10 },
    notes: { type: "array", items: { type: "string" } },
    line: { anyOf: [{ type: "integer" }, { type: "null" }] },
  },
  required: ["verdict", "score", "notes", "line"],
  additionalProperties: false,
};
const good = { verdict: "pass", score: 10, notes: ["a"], line: null };

it.each(["", "text", "{", JSON.stringify(good)])("any text is an answer without a schema: %j", (text) => {
  expect(checkAnswer(text, null)).toEqual({ ok: true });
});

describe("with a schema", () => {
  it.each([
    ["what fits", good],
    ["a value where null is allowed", { ...good, line: 7 }],
    ["an empty list", { ...good, notes: [] }],
  ])("accepts %s", (_, value) => {
    expect(checkAnswer(JSON.stringify(value), schema)).toEqual({ ok: true });
    expect(checkAnswer(`  ${JSON.stringify(value, null, 2)}\n`, schema)).toEqual({ ok: true });
  });

  it.each([
    ["a value that is not listed", { ...good, verdict: "maybe" }, "verdict"],
    ["a missing key", { verdict: "pass", score: 1, notes: [] }, "line"],
    ["an unknown key", { ...good, extra: 1 }, "extra"],
    ["a wrong type deep inside", { ...good, notes: ["a", 2] }, "notes[1]"],
    ["a number out of range", { ...good, score: 11 }, "score"],
    ["half a number", { ...good, score: 1.5 }, "score"],
    ["a text in place of an object", "pass", "object"],
    ["null", null, "object"],
    ["a list of answers", [good], "object"],
  ])("refuses %s and says where", (_, value, place) => {
    const check = checkAnswer(JSON.stringify(value), schema);
    expect(check).toEqual({ ok: false, problem: expect.stringContaining(place) });
  });

  it.each([
    "",
    "Sure! Here it is:",
    "{",
    `\`\`\`json\n${JSON.stringify(good)}\n\`\`\``,
    `${JSON.stringify(good)} done`,
  ])("refuses text that is no JSON: %j", (text) => {
    expect(checkAnswer(text, schema)).toEqual({ ok: false, problem: "The message is not valid JSON." });
  });

  it("describes its problem briefly, however much is wrong", () => {
    const notes = Array.from({ length: 5_000 }, () => 1);
    const check = checkAnswer(JSON.stringify({ ...good, notes }), schema);
    expect(check.ok || check.problem.length).toBe(4_000);
  });
});

it("asks for a repair by naming the problem and forbidding further work", () => {
  const text = repairPrompt("verdict is missing");
  expect(text).toContain("verdict is missing");
  expect(text).toContain("Do not run commands and do not change files");
});
