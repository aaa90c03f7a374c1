import { describe, expect, it } from "vitest";
import {
  AgentId,
  JsonObject,
  Text,
  Texts,
  TurnParameters,
  WorkspacePath,
  WorkspacePaths,
} from "../../../src/tools/fields.ts";

describe("a path in the workspace", () => {
  it.each([
    "a",
    "src/a.ts",
    "./a",
    "a/./b",
    ".git/config",
    "..a",
    "a..b",
    "...",
    "a/..b/c",
    "with space",
    "tab\there",
    "é漢😀",
    "-rf",
    "$HOME",
    "a\\b",
    "1:2",
    "%2e%2e/a",
    "a".repeat(4_096),
  ])("may be %j", (path) => {
    expect(WorkspacePath.parse(path)).toBe(path);
  });

  it.each([
    ["", "must not be empty"],
    ["a".repeat(4_097), "must not exceed 4096 characters"],
    ["/etc/passwd", "must be relative"],
    ["/", "must be relative"],
    ["//server/share", "must be relative"],
    ["\\\\server\\share", "must be relative"],
    ["\\windows", "must be relative"],
    ["~", "must be relative"],
    ["~/x", "must be relative"],
    ["~root/x", "must be relative"],
    ["C:", "must be relative"],
    ["c:\\x", "must be relative"],
    ["c:x", "must be relative"],
    ["..", 'must not hold ".."'],
    ["../a", 'must not hold ".."'],
    ["a/..", 'must not hold ".."'],
    ["a/../b", 'must not hold ".."'],
    ["a\\..\\b", 'must not hold ".."'],
    ["a/..\\b", 'must not hold ".."'],
    ["./../a", 'must not hold ".."'],
    ["a\0b", "control characters"],
    ["a\nb", "control characters"],
    ["a\rb", "control characters"],
    ["a\u001bb", "control characters"],
    ["a\u007fb", "control characters"],
    ["a\u0085b", "control characters"],
    ["a\ud800b", "valid Unicode"],
  ])("may not be %j", (path, reason) => {
    const { error } = WorkspacePath.safeParse(path);
    expect(error?.issues.map(({ message }) => message).join()).toContain(reason);
  });

  it.each([null, 1, ["a"], {}, undefined])("is a text, not %j", (value) => {
    expect(WorkspacePath.safeParse(value).success).toBe(false);
  });
});

describe("the id of an agent", () => {
  it.each(["a", "A1", "0", "web-app_2.0", "default", "a".repeat(64), "a..b", "a."])("may be %s", (id) => {
    expect(AgentId.parse(id)).toBe(id);
  });

  it.each([
    "",
    "a".repeat(65),
    ".a",
    "-a",
    "_a",
    "..",
    "a/b",
    "a\\b",
    "a b",
    "a\n",
    "\na",
    "é",
    "a%2fb",
    "a:b",
    "a@b",
    "a\0",
  ])("may not be %j", (id) => {
    expect(AgentId.safeParse(id).success).toBe(false);
  });
});

describe("texts", () => {
  it("may be anything that is not empty, up to 1 MiB", () => {
    for (const text of [" ", "\0", "a".repeat(1024 * 1024)]) expect(Text.parse(text)).toBe(text);
    for (const text of ["", "a".repeat(1024 * 1024 + 1)]) expect(Text.safeParse(text).success).toBe(false);
  });

  it("have no half of a surrogate pair", () => {
    expect(Text.parse("a\ud83db\ude00 \ud83d\ude00")).toBe("a\ufffdb\ufffd \ud83d\ude00");
  });

  it("come in lists of up to a thousand", () => {
    for (const List of [Texts, WorkspacePaths]) {
      expect(List.safeParse([]).success).toBe(true);
      expect(List.safeParse(Array(1_000).fill("a")).success).toBe(true);
      expect(List.safeParse(Array(1_001).fill("a")).success).toBe(false);
      expect(List.safeParse(["a", ""]).success).toBe(false);
      expect(List.safeParse("a").success).toBe(false);
    }
  });
});

describe("an object", () => {
  const nested = (levels: number): object => (levels === 1 ? {} : { a: [nested(levels - 1)] });

  it("may be nested as a person would, and no deeper", () => {
    expect(JsonObject.safeParse({ a: [{ b: null }], c: "d" }).success).toBe(true);
    expect(JsonObject.safeParse(nested(10)).success).toBe(true);
    for (const levels of [11, 1_000]) expect(JsonObject.safeParse(nested(levels)).success).toBe(false);
    for (const value of [[], null, "a"]) expect(JsonObject.safeParse(value).success).toBe(false);
  });
});

describe("the parameters of a turn", () => {
  it("have one default", () => {
    expect(TurnParameters.parse({})).toEqual({ agent_id: "default" });
  });

  it("may all be given", () => {
    const all = {
      agent_id: "web",
      conversation_id: "conv_01abc",
      model: "gpt-6.1-sol",
      effort: "high",
      wait_seconds: 0,
      request_id: "a-b:c/1",
    };
    expect(TurnParameters.parse(all)).toEqual(all);
    expect(TurnParameters.parse({ ...all, conversation_id: "new", wait_seconds: 3_600 }).wait_seconds).toBe(3_600);
  });

  it.each([
    ["conversation_id", "latest"],
    ["conversation_id", "conv_"],
    ["conversation_id", "conv_ABC"],
    ["conversation_id", `conv_${"a".repeat(41)}`],
    ["conversation_id", "conv_a/../b"],
    ["model", ""],
    ["model", "gpt 5"],
    ["model", "--help"],
    ["model", "x".repeat(129)],
    ["effort", "maximum"],
    ["wait_seconds", -1],
    ["wait_seconds", 1.5],
    ["wait_seconds", 3_601],
    ["wait_seconds", "1"],
    ["request_id", ""],
    ["request_id", "two words"],
    ["request_id", "é"],
    ["request_id", "x".repeat(129)],
    ["agent_id", ""],
    ["agent_id", null],
  ])("may not have %s=%j", (name, value) => {
    const { error } = TurnParameters.safeParse({ [name]: value });
    expect(error?.issues.map(({ path }) => path)).toEqual([[name]]);
  });
});
