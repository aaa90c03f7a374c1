import { describe, expect, it } from "vitest";
import { readHostConfig } from "../../../../container/host/config.ts";

const LEAST = {
  HOST_TOKEN: "t".repeat(32),
  AGENTS_DIR: "/agents",
  RUNNER_ENTRY: "/runner.cjs",
  GATEWAY_URL: "http://127.0.0.1:1/model/v1",
};

it("has a default for all but what it cannot know", () => {
  expect(readHostConfig({ ...LEAST, PATH: "/bin" })).toEqual({
    ...LEAST,
    HOST_PORT: 0,
    SANDBOX: "codex",
    LOG_LEVEL: "INFO",
  });
});

describe("a setting that is not right is named, and its value is not shown", () => {
  it.each([
    ["HOST_TOKEN", "too-short"],
    ["HOST_TOKEN", undefined],
    ["HOST_PORT", "-1"],
    ["HOST_PORT", "65536"],
    ["AGENTS_DIR", ""],
    ["RUNNER_ENTRY", undefined],
    ["GATEWAY_URL", "nowhere"],
    ["SANDBOX", "perhaps"],
    ["LOG_LEVEL", "LOUD"],
  ])("%s=%s", (name, value) => {
    const read = () => readHostConfig({ ...LEAST, [name]: value });
    expect(read).toThrow(new RegExp(`^The process host cannot start:[^]*${name}`));
    if (value) expect(read).not.toThrow(value);
  });
});
