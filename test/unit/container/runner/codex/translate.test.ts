import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  itemCompleted,
  itemStarted,
  readableCommand,
  retrying,
} from "../../../../../container/runner/codex/translate.ts";

describe("a command as Codex words it", () => {
  // The right-hand sides are what a shell makes of the word after -lc.
  it.each([
    ["/bin/bash -lc 'echo hi'", "echo hi"],
    ["/bin/bash -lc false", "false"],
    ["/usr/bin/zsh -lc 'ls -la'", "ls -la"],
    ["bash -c 'true && false'", "true && false"],
    ["/bin/sh -c 'exit 3'", "exit 3"],
    [`/bin/bash -lc "echo 'single'"`, "echo 'single'"],
    [`/bin/bash -lc 'echo "double"'`, 'echo "double"'],
    [`/bin/bash -lc "tr '\\\\0' '\\\\n'"`, "tr '\\0' '\\n'"],
    [`/bin/bash -lc "echo 'a' \\"b\\" \\$HOME \\\`date\\\`"`, "echo 'a' \"b\" $HOME `date`"],
    [`/bin/bash -lc 'echo it'"'"'s'`, "echo it's"],
    [`/bin/bash -lc 'it'\\''s'`, "it's"],
    ["/bin/bash -lc 'line one\nline two'", "line one\nline two"],
    [`/bin/bash -lc ''`, ""],
    [`/bin/bash -lc '"'`, '"'],
    [`/bin/bash -lc "a \\z"`, "a \\z"],
    ["/bin/bash -lc 'Grüße 😀'", "Grüße 😀"],
  ])("%s is shown as what the shell runs", (wrapped, command) => {
    expect(readableCommand(wrapped)).toBe(command);
    const word = wrapped.slice(wrapped.indexOf("c ") + 2);
    expect(execFileSync("bash", ["-c", `printf %s ${word}`]).toString()).toBe(command);
  });

  it.each([
    "ls -la",
    "git commit -m 'fix'",
    "python3 -c 'print(1)'",
    "/bin/bash script.sh",
    "/bin/bash -lc 'echo' hi",
    "/bin/bash -lc 'unfinished",
    '/bin/bash -lc "unfinished',
    "/bin/bash -lc two words",
    "rbash -x -lc 'x'",
    "",
  ])("%s stays as it is", (command) => {
    expect(readableCommand(command)).toBe(command);
  });

  it("stays whole where it is very long", () => {
    expect(readableCommand(`/bin/bash -lc '${"x".repeat(100_000)}'`)).toBe("x".repeat(100_000));
  });
});

const command = {
  type: "commandExecution" as const,
  id: "call_1",
  command: "/bin/bash -lc 'cat a.txt'",
  commandActions: [
    { type: "read", command: "cat a.txt", name: "a.txt", path: "/w/a.txt" },
    { type: "search", command: "rg x", query: "x", path: "/w" },
    { type: "read", command: "cat" },
  ],
  aggregatedOutput: "content",
  exitCode: 0,
  durationMs: 12,
};

describe("an item", () => {
  it("that is a very long command is cut", () => {
    const long = { ...command, command: "x".repeat(100_000) };
    expect(itemStarted(long, "/w")).toMatchObject({ command: "x".repeat(20_000) });
    expect(itemCompleted(long, "/w")).toMatchObject({ command: "x".repeat(20_000) });
  });

  it("that is a command shows its start and its end", () => {
    expect(itemStarted(command, "/w")).toEqual({ type: "command_started", item_id: "call_1", command: "cat a.txt" });
    expect(itemCompleted(command, "/w")).toEqual({
      type: "command_finished",
      item_id: "call_1",
      command: "cat a.txt",
      exit_code: 0,
      duration_ms: 12,
      output_tail: "content",
      files_read: ["a.txt"],
    });
  });

  it("that is a declined command has neither exit code nor output", () => {
    const declined = { ...command, aggregatedOutput: null, exitCode: null, durationMs: null };
    expect(itemCompleted(declined, "/w")).toMatchObject({ exit_code: null, duration_ms: null, output_tail: "" });
  });

  it("that is a command keeps the end of a long output", () => {
    const aggregatedOutput = `start${"x".repeat(50_000)}end`;
    const event = itemCompleted({ ...command, aggregatedOutput }, "/w");
    expect(event).toMatchObject({ output_tail: expect.stringMatching(/^x{7997}end$/) });
  });

  it("that is a patch names its files", () => {
    const item = {
      type: "fileChange" as const,
      id: "p",
      status: "completed",
      changes: [
        { path: "/w/a", kind: { type: "add" as const }, diff: "" },
        { path: "/elsewhere/b", kind: { type: "delete" as const }, diff: "" },
      ],
    };
    expect(itemStarted(item, "/w")).toBeUndefined();
    expect(itemCompleted(item, "/w")).toEqual({
      type: "files_patched",
      paths: ["a", "/elsewhere/b"],
      status: "completed",
    });
  });

  it("that is a message is shown when it is whole, and only so far", () => {
    const item = { type: "agentMessage" as const, id: "m", text: "y".repeat(300_000) };
    expect(itemStarted(item, "/w")).toBeUndefined();
    expect(itemCompleted(item, "/w")).toEqual({ type: "message", text: "y".repeat(200_000) });
  });

  it.each([
    [["**Plan**", "First this."], { type: "progress", message: "**Plan**\nFirst this." }],
    [["z".repeat(5_000)], { type: "progress", message: "z".repeat(2_000) }],
    [[], undefined],
    [[" ", "\n"], undefined],
  ])("that is reasoning shows its summary as progress, if it has one", (summary, event) => {
    expect(itemCompleted({ type: "reasoning", id: "r", summary }, "/w")).toEqual(event);
  });
});

it.each([
  [{ responseStreamDisconnected: { httpStatusCode: 502 } }, 502],
  [{ responseStreamDisconnected: { httpStatusCode: null } }, null],
  ["other", null],
  [undefined, null],
])("a retry carries the HTTP status behind it: %j", (codexErrorInfo, http_status) => {
  expect(retrying({ message: "Reconnecting... 1/5", codexErrorInfo })).toEqual({
    type: "retrying",
    attempt: "Reconnecting... 1/5",
    http_status,
  });
});
