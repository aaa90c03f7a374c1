import { describe, expect, it } from "vitest";
import { readRunnerConfig } from "../../../../container/runner/config.ts";

const LEAST = { RUNNER_TOKEN: "t".repeat(32), MODEL_TOKEN: "m", INCARNATION: "inc_1", DATA_DIR: "/data" };

it("has a default for all but what it cannot know, as it is in a container", () => {
  expect(readRunnerConfig({ ...LEAST, PATH: "/bin" })).toEqual({
    ...LEAST,
    MODEL_BASE_URL: "http://model.internal/v1",
    LISTEN_HOST: "0.0.0.0",
    PORT: 8080,
    ENDS_WITH_STDIN: false,
    SANDBOX: "codex",
    DRAIN_SECONDS: 0,
    IMPORT_ALLOWED_HOSTS: [],
    LOG_LEVEL: "INFO",
  });
});

it.each([
  ["PORT", "0", 0],
  ["PORT", "65535", 65_535],
  ["ENDS_WITH_STDIN", "true", true],
  ["DRAIN_SECONDS", "840", 840],
  ["SANDBOX", "off", "off"],
  ["CODEX_BINARY", "/opt/codex", "/opt/codex"],
  ["LOG_LEVEL", "DEBUG", "DEBUG"],
  ["MODEL_BASE_URL", "http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1"],
])("takes %s=%s", (name, value, parsed) => {
  expect(readRunnerConfig({ ...LEAST, [name]: value })).toMatchObject({ [name]: parsed });
});

describe("a setting that is not right is named, and its value is not shown", () => {
  it.each([
    ["RUNNER_TOKEN", "too-short"],
    ["RUNNER_TOKEN", undefined],
    ["MODEL_TOKEN", ""],
    ["MODEL_BASE_URL", "not-a-URL"],
    ["INCARNATION", ""],
    ["DATA_DIR", undefined],
    ["PORT", "70000"],
    ["PORT", "-1"],
    ["PORT", "http"],
    ["SANDBOX", "perhaps"],
    ["LOG_LEVEL", "LOUD"],
    ["ENDS_WITH_STDIN", "perhaps"],
  ])("%s=%s", (name, value) => {
    const read = () => readRunnerConfig({ ...LEAST, [name]: value });
    expect(read).toThrow(new RegExp(`^The runner cannot start:[^]*${name}`));
    if (value) expect(read).not.toThrow(value);
  });
});
