import { describe, expect, it } from "vitest";
import { configProblems, readConfig } from "../../src/config.ts";
import { AppError } from "../../src/errors.ts";

describe("an environment with errors", () => {
  const env = { LOG_LEVEL: "chatty", SESSION_TIMEOUT: "soon", DEV_TOKEN: "a secret", CODEX_MODEL: "gpt-5.5" };

  it("has a problem for each of them", () => {
    expect(configProblems(env).map(({ name }) => name)).toEqual(["SESSION_TIMEOUT", "LOG_LEVEL", "DEV_TOKEN"]);
  });

  it("is refused with their names, and with their values only for the log", async () => {
    const failure = await (async () => readConfig(env))().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AppError);
    const { code, message, cause } = failure as AppError;
    expect(code).toBe("misconfigured");
    for (const name of ["SESSION_TIMEOUT", "LOG_LEVEL", "DEV_TOKEN"]) expect(message).toContain(name);
    for (const value of ["chatty", "soon", "a secret"]) expect(message).not.toContain(value);
    expect(String(cause)).toContain('LOG_LEVEL="chatty"');
    expect(String(cause)).not.toContain("a secret");
  });

  it("is refused again the next time", () => {
    for (const _ of [1, 2]) expect(() => readConfig(env)).toThrow("SESSION_TIMEOUT");
  });
});
