// Codex's notifications as events of ours. Pure: what a notification means, never what to do about it.
import type { TurnEventBody } from "../../protocol.ts";
import { httpStatusOf } from "./failures.ts";
import type { CodexError, CommandItem, Item } from "./messages.ts";
import { workspacePath } from "./workspace-path.ts";

/** Keeps an event well below the 2 MB that a row of the Worker's database holds, whatever a command prints. */
export const OUTPUT_TAIL_CHARS = 8_000;
export const COMMAND_CHARS = 20_000;
const MESSAGE_CHARS = 200_000;

/** Codex wraps every command in the user's shell; callers want the command itself. */
const SHELL_WRAPPER = /^(?:\/\S+\/)?(?:bash|zsh|sh) -l?c ([\s\S]+)$/;

/** The parts of a shell word: '…', "…", a backslash with what it escapes, plain characters, and last what is none of these. */
const WORD_PARTS = /'[^']*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"|\\[\s\S]|[^\s'"\\]+|[\s\S]/g;

export function itemStarted(item: Item, _workspace: string): TurnEventBody | undefined {
  if (item.type !== "commandExecution") return undefined;
  return { type: "command_started", item_id: item.id, command: shownCommand(item) };
}

export function itemCompleted(item: Item, workspace: string): TurnEventBody | undefined {
  switch (item.type) {
    case "commandExecution":
      return commandFinished(item, workspace);
    case "fileChange":
      return {
        type: "files_patched",
        paths: item.changes.map(({ path }) => workspacePath(workspace, path)),
        status: item.status,
      };
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
  const word = SHELL_WRAPPER.exec(command)?.[1];
  return (word === undefined ? undefined : unquote(word)) ?? command;
}

function shownCommand({ command }: CommandItem): string {
  return readableCommand(command).slice(0, COMMAND_CHARS);
}

/** Undefined for what is not one whole word of a POSIX shell. */
function unquote(word: string): string | undefined {
  let text = "";
  for (const [part] of word.matchAll(WORD_PARTS)) {
    if (part.length > 1 && part.startsWith("'")) text += part.slice(1, -1);
    else if (part.length > 1 && part.startsWith('"')) text += part.slice(1, -1).replace(/\\([$`"\\])/g, "$1");
    else if (part.length > 1 && part.startsWith("\\")) text += part.slice(1);
    else if (/^[\s'"\\]$/.test(part)) return undefined;
    else text += part;
  }
  return text;
}

function commandFinished(item: CommandItem, workspace: string): TurnEventBody {
  return {
    type: "command_finished",
    item_id: item.id,
    command: shownCommand(item),
    exit_code: item.exitCode,
    duration_ms: item.durationMs,
    output_tail: (item.aggregatedOutput ?? "").slice(-OUTPUT_TAIL_CHARS),
    files_read: item.commandActions.flatMap((action) =>
      action.type === "read" && typeof action.path === "string" ? [workspacePath(workspace, action.path)] : [],
    ),
  };
}

function progressFromReasoning(summary: readonly string[]): TurnEventBody | undefined {
  const text = summary.join("\n").trim();
  return text === "" ? undefined : { type: "progress", message: text.slice(0, 2_000) };
}
