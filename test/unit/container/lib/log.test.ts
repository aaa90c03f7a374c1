import { describe, expect, it } from "vitest";
import { createLogger, LOG_LEVELS, type LogLevel } from "../../../../container/lib/log.ts";

function loggerAt(level: LogLevel, base?: Record<string, unknown>) {
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line), level, base);
  return { log, lines, records: () => lines.map((line) => JSON.parse(line)) };
}

it("writes one line of JSON with time, level, message and fields", () => {
  const { log, lines, records } = loggerAt("INFO");
  log.info("two\nlines", { turn_id: "t1", count: 2 });
  expect(lines[0]).not.toContain("\n");
  expect(records()).toEqual([
    {
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: "INFO",
      message: "two\nlines",
      turn_id: "t1",
      count: 2,
    },
  ]);
});

it.each(LOG_LEVELS.map((level, index) => [level, LOG_LEVELS.slice(index)] as const))(
  "writes at %s only what is at least as grave",
  (level, written) => {
    const { log, records } = loggerAt(level);
    log.debug("x");
    log.info("x");
    log.warn("x");
    log.error("x");
    expect(records().map((record) => record.level)).toEqual(written);
  },
);

it("adds the fields of the logger it was made from, and lets a line's own win", () => {
  const { log, records } = loggerAt("INFO", { part: "runner", id: 1 });
  log.with({ turn: "t1" }).info("x", { id: 2 });
  log.info("y");
  expect(records()).toMatchObject([
    { part: "runner", turn: "t1", id: 2 },
    { part: "runner", id: 1 },
  ]);
  expect(records()[1].turn).toBeUndefined();
});

describe("what looks like a credential is masked", () => {
  it.each([
    ["an API key", "sk-abcdefgh12345678"],
    ["a project's API key", "sk-proj-abc_DEF-123456"],
    ["a token of three parts", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"],
    ["a bearer token", "Bearer abcdef0123456789"],
    ["a bearer token with other characters", "Bearer a.b-c_d~e+f/g="],
  ])("%s, wherever it stands", (_, secret) => {
    const { log, lines } = loggerAt("INFO", { base: `in the base ${secret}` });
    log.info(`in the message ${secret} end`, { field: secret, deep: { list: [`x ${secret}`] }, [secret]: 1 });
    log.error("x", { error: new Error(`it was ${secret}`, { cause: new Error(secret) }) });
    for (const line of lines) {
      expect(line).not.toContain(secret);
      expect(line).toContain("[masked]");
      expect(JSON.parse(line).level).toBeDefined();
    }
  });

  it.each(["task-skill-level", "sk-1", "Bearer of bad news", "risk-assessment-report"])("but not %s", (text) => {
    const { log, records } = loggerAt("INFO");
    log.info(text);
    expect(records()[0].message).toBe(text);
  });
});

describe("an error among the fields", () => {
  it("shows its name and message, and what caused it", () => {
    const { log, records } = loggerAt("INFO");
    const error = new TypeError("outer", { cause: new RangeError("inner", { cause: "a text" }) });
    log.error("failed", { error });
    expect(records()[0].error).toEqual({
      name: "TypeError",
      message: "outer",
      cause: { name: "RangeError", message: "inner", cause: "a text" },
    });
  });

  it("shows neither its stack nor its own fields", () => {
    const { log, lines } = loggerAt("INFO");
    log.error("failed", { error: Object.assign(new Error("x"), { secret: "hidden" }) });
    expect(lines[0]).not.toMatch(/hidden|stack|log\.test/);
  });
});
