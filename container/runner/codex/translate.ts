// Codex's notifications as events of ours. Pure: what a notification means, never what to do about it.
import type { TurnEventBody } from "../../protocol.ts";
import { httpStatusOf } from "./failures.ts";
import type { CodexError, CommandItem, Item } from "./messages.ts";

/** Keeps an event well below the 2 MB that a row of the Worker's database holds, whatever a command prints. */
const OUTPUT_TAIL_CHARS = 8_000;
const COMMAND_CHARS = 20_000;
const MESSAGE_CHARS = 200_000;

/** Codex wraps every command in the user's shell; callers want the command itself. */
const SHELL_WRAPPER = /^(?:\/\S+\/)?(?:bash|zsh|sh) -l?c (['"])([\s\S]*)\1$/;

export function itemStarted(item: Item): TurnEventBody | undefined {
  if (item.type !== "commandExecution") return undefined;
  return { type: "command_started", item_id: item.id, command: readableCommand(item.command) };
}

export function itemCompleted(item: Item): TurnEventBody | undefined {
  switch (item.type) {
    case "commandExecution":
      return commandFinished(item);
    case "fileChange":
      return { type: "files_patched", paths: item.changes.map((change) => change.path), status: item.status };
    case "agentMessage":
      return { type: "message", text: item.text.slice(0, MESSAGE_CHARS) };
    case "reasoning":
      return progressFromReasoning(item.summary);
  }
}

export function retrying(error: CodexError): TurnEventBody {
  return {
    type: "retrying",
    attempt: error.message.slice(0, 500),
    http_status: httpStatusOf(error.codexErrorInfo),
  };
}

/** `/bin/bash -lc 'echo hi'` → `echo hi`, with the quoting of the wrapper undone. */
export function readableCommand(command: string): string {
  const match = SHELL_WRAPPER.exec(command);
  const inner = match?.[2];
  if (inner === undefined) return command.slice(0, COMMAND_CHARS);
  return (match?.[1] === "'" ? inner.replaceAll(`'"'"'`, "'").replaceAll(`'\\''`, "'") : inner).slice(0, COMMAND_CHARS);
}

function commandFinished(item: CommandItem): TurnEventBody {
  return {
    type: "command_finished",
    item_id: item.id,
    command: readableCommand(item.command),
    exit_code: item.exitCode,
    duration_ms: item.durationMs,
    output_tail: (item.aggregatedOutput ?? "").slice(-OUTPUT_TAIL_CHARS),
    files_read: item.commandActions.flatMap((action) =>
      action.type === "read" && typeof action.path === "string" ? [action.path] : [],
    ),
  };
}

function progressFromReasoning(summary: readonly string[]): TurnEventBody | undefined {
  const text = summary.join("\n").trim();
  return text === "" ? undefined : { type: "progress", message: text.slice(0, 2_000) };
}
