import { describe, expect, it } from "vitest";
import { quietCommands } from "../../../../../container/runner/codex/quiet-commands.ts";

// The lines are as Codex 0.169 writes them, without the fields that nobody reads.
function turn(id: string): string {
  return line("event_msg", { type: "task_started", turn_id: id });
}
function call(callId: string, cmd: string): string {
  return line("response_item", {
    type: "function_call",
    name: "exec_command",
    arguments: JSON.stringify({ cmd }),
    call_id: callId,
  });
}
function output(callId: string, text: string): string {
  return line("response_item", { type: "function_call_output", call_id: callId, output: text });
}
function line(type: string, payload: object): string {
  return JSON.stringify({ timestamp: "2026-01-01T00:00:00Z", ordinal: 1, type, payload });
}
function find(lines: string[], reported: string[] = []) {
  return quietCommands(lines.map((text) => `${text}\n`).join(""), "turn-1", new Set(reported));
}

const DENIED = [
  "Chunk ID: f884f6",
  "Wall time: 0.0125 seconds",
  "Process exited with code 1",
  "Original token count: 14",
  "Output:",
  "touch: cannot touch '/x': Read-only file system\n",
].join("\n");

describe("a command that Codex did not report", () => {
  it("is found with its outcome", () => {
    expect(find([turn("turn-1"), call("c1", "touch /x"), output("c1", DENIED)])).toEqual([
      {
        type: "command_finished",
        item_id: "c1",
        command: "touch /x",
        exit_code: 1,
        duration_ms: 12.5,
        output_tail: "touch: cannot touch '/x': Read-only file system\n",
        files_read: [],
      },
    ]);
  });

  it("is found among others, in the order of the outcomes", () => {
    const lines = [
      turn("turn-1"),
      call("c1", "one"),
      call("c2", "two"),
      call("c3", "three"),
      line("response_item", { type: "message", role: "assistant" }),
      output("c3", DENIED),
      output("c2", DENIED),
      output("c1", DENIED),
    ];
    expect(find(lines, ["c2"]).map(({ command }) => command)).toEqual(["three", "one"]);
  });

  it("has no exit code where it was refused", () => {
    const refusal = "approval policy is Granular(…); reject command — you cannot ask for escalated permissions";
    expect(find([turn("turn-1"), call("c1", "rm /x"), output("c1", refusal)])).toMatchObject([
      { command: "rm /x", exit_code: null, duration_ms: null, output_tail: refusal },
    ]);
  });

  it.each([
    ["without the header's optional lines", "Wall time: 1 seconds\nProcess exited with code 126\nOutput:\n", 126, ""],
    ["with a line of the future", "Wall time: 1 seconds\nProcess exited with code 2\nNew: 1\nOutput:\nx", 2, "x"],
    [
      "with output that looks like a header",
      DENIED.replace("touch:", "Process exited with code 0\nOutput:\n"),
      1,
      undefined,
    ],
    ["that printed an exit code and was refused", "no.\nProcess exited with code 0\nOutput:\n", null, undefined],
  ])("is understood %s", (_, text, exit_code, output_tail) => {
    const [found] = find([turn("turn-1"), call("c1", "x"), output("c1", text)]);
    expect(found?.exit_code).toBe(exit_code);
    if (output_tail !== undefined) expect(found?.output_tail).toBe(output_tail);
  });

  it("keeps only the end of a long output and the beginning of a long command", () => {
    const lines = [turn("turn-1"), call("c1", "x".repeat(50_000)), output("c1", `${DENIED}${"y".repeat(50_000)}`)];
    const [found] = find(lines);
    expect(found?.command).toBe("x".repeat(20_000));
    expect(found?.output_tail).toBe("y".repeat(8_000));
  });
});

describe("nothing is made of", () => {
  it.each<[string, string[], string[]?]>([
    ["a command that was reported", [turn("turn-1"), call("c1", "ls"), output("c1", DENIED)], ["c1"]],
    ["a command without an outcome", [turn("turn-1"), call("c1", "ls")]],
    ["an outcome without a command", [turn("turn-1"), output("c1", DENIED)]],
    ["a command of an earlier turn", [turn("turn-0"), call("c1", "ls"), output("c1", DENIED), turn("turn-1")]],
    ["a command of a later turn", [turn("turn-1"), turn("turn-2"), call("c1", "ls"), output("c1", DENIED)]],
    ["a command before any turn", [call("c1", "ls"), output("c1", DENIED)]],
    [
      "a command that is still at work",
      [
        turn("turn-1"),
        call("c1", "sleep 9"),
        output("c1", "Chunk ID: 1\nWall time: 0.3013 seconds\nProcess running with session ID 94731\nOutput:\n"),
      ],
    ],
    [
      "another tool",
      [
        turn("turn-1"),
        line("response_item", { type: "function_call", name: "write_stdin", arguments: "{}", call_id: "c1" }),
        output("c1", DENIED),
      ],
    ],
    [
      "text that only names the tool",
      [turn("turn-1"), line("response_item", { type: "message", text: '"exec_command"' })],
    ],
    ["lines that are no JSON", [turn("turn-1"), '{"type":"response_item","payload":{"name":"exec_command"', "", "x"]],
    ["nothing", []],
  ])("%s", (_, lines, reported) => {
    expect(find(lines, reported)).toEqual([]);
  });
});

it("shows arguments as they are where they are not what was expected", () => {
  const strange = line("response_item", {
    type: "function_call",
    name: "exec_command",
    arguments: "[1]",
    call_id: "c1",
  });
  expect(find([turn("turn-1"), strange, output("c1", DENIED)])).toMatchObject([{ command: "[1]" }]);
});
