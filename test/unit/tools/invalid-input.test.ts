import { describe, expect, it } from "vitest";
import * as z from "zod";
import { AgentId, TurnParameters, WorkspacePaths } from "../../../src/tools/fields.ts";
import { invalidInput } from "../../../src/tools/invalid-input.ts";

const Input = z.strictObject({
  ...TurnParameters.shape,
  target_files: WorkspacePaths,
  kind: z.enum(["bug", "style"]).optional(),
  options: z.object({ depth: z.number().max(3) }).optional(),
});

function messageFor(input: unknown, schema: z.ZodType = Input): string {
  const { error } = schema.safeParse(input);
  if (error === undefined) throw new Error("the input is good");
  const { code, message } = invalidInput("implement", error);
  expect(code).toBe("invalid_input");
  return message;
}

describe("the message", () => {
  it("names the tool, that nothing was started, and the parameter with what is allowed", () => {
    expect(messageFor({ target_files: ["a", "/etc/passwd"] })).toBe(
      "Nothing was started. implement got bad parameters: target_files.1: must be relative to the workspace.",
    );
  });

  it("names a parameter that is missing, and one that is not known", () => {
    expect(messageFor({ taget_files: [] })).toMatch(/target_files: .*; unknown parameter\(s\): taget_files\.$/);
  });

  it("names what lies inside of a parameter", () => {
    expect(messageFor({ target_files: [], options: { depth: 9 } })).toContain("options.depth: ");
  });

  it("speaks of the parameters as a whole where these are no object", () => {
    expect(messageFor("text")).toContain("got bad parameters: parameters: ");
  });

  it("names ten problems at most and counts the others", () => {
    const message = messageFor({ target_files: Array(1_000).fill("/x") });
    expect(message.match(/must be relative/g)).toHaveLength(10);
    expect(message).toContain("; and 990 more.");
  });
});

describe("of what the caller sent, the message", () => {
  const SECRET = "hunter2";

  it.each<[string, object]>([
    ["a text", { agent_id: `!${SECRET}` }],
    ["a choice", { kind: SECRET }],
    ["a type", { target_files: SECRET }],
    ["a path", { target_files: [`/${SECRET}`] }],
    ["an object in place of a text", { agent_id: { [SECRET]: SECRET } }],
    ["a number", { wait_seconds: 31_337 }],
    ["a model", { model: `${SECRET} x` }],
    ["a conversation", { conversation_id: SECRET }],
  ])("never repeats a value: %s", (_, wrong) => {
    const message = messageFor({ target_files: [], ...wrong });
    expect(message).not.toContain(SECRET);
    expect(message).not.toContain("31337");
  });

  it("repeats names only so far, and without control characters", () => {
    const message = messageFor({ target_files: [], [`evil\n\u001b[31m\u202e${"x".repeat(500)}`]: 1 });
    expect(message).toMatch(/unknown parameter\(s\): evil\?\?\[31m\?x{50,60}\.$/);
    expect(message).toMatch(/^[\x20-\x7e]*$/);
  });

  it("repeats names inside of a parameter in the same way", () => {
    const message = messageFor({ "bad\nname": "!" }, z.record(z.string(), AgentId));
    expect(message).toContain("bad?name: must be");
  });
});
