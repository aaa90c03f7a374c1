// Codex reports no item for a command that its sandbox denied at once, and none for one that it refused to run: only the
// model is told. Models that call `exec_command` directly leave it in the rollout, where it is found here, so that a turn's
// evidence has it. (Models that write JavaScript leave only their script and its printout.) Observed with 0.169.
import * as z from "zod";
import type { TurnEventBody } from "../../protocol.ts";
import { COMMAND_CHARS, OUTPUT_TAIL_CHARS } from "./translate.ts";

type CommandFinished = Extract<TurnEventBody, { type: "command_finished" }>;

const Line = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("event_msg"),
    payload: z.object({ type: z.literal("task_started"), turn_id: z.string() }),
  }),
  z.object({
    type: z.literal("response_item"),
    payload: z.discriminatedUnion("type", [
      z.object({
        type: z.literal("function_call"),
        name: z.literal("exec_command"),
        call_id: z.string(),
        arguments: z.string(),
      }),
      z.object({ type: z.literal("function_call_output"), call_id: z.string(), output: z.string() }),
    ]),
  }),
]);
const Arguments = z.object({ cmd: z.string() });

/** What Codex writes above a command's output; a refused command has none of it. */
const EXITED =
  /^(?:Chunk ID: .*\n)?Wall time: ([\d.]+) seconds\nProcess exited with code (-?\d+)\n(?:.+\n)*?Output:\n([\s\S]*)$/;
const STILL_RUNNING = /^(?:Chunk ID: .*\n)?Wall time: .*\nProcess running with session ID /;

/**
 * The commands of `turnId` in these rollout lines that have an outcome and none of the items in `reported`. A call's item
 * has the id of the call.
 */
export function quietCommands(rollout: string, turnId: string, reported: ReadonlySet<string>): CommandFinished[] {
  const commands = new Map<string, string>();
  const found: CommandFinished[] = [];
  let isOfTurn = false;
  for (const text of rollout.split("\n")) {
    const payload = parseLine(text)?.payload;
    if (payload?.type === "task_started") isOfTurn = payload.turn_id === turnId;
    if (!isOfTurn || payload === undefined || payload.type === "task_started" || reported.has(payload.call_id))
      continue;
    const { call_id } = payload;
    if (payload.type === "function_call") commands.set(call_id, commandOf(payload.arguments));
    else if (commands.has(call_id) && !STILL_RUNNING.test(payload.output)) {
      found.push(finished(call_id, commands.get(call_id) ?? "", payload.output));
    }
  }
  return found;
}

function finished(callId: string, command: string, output: string): CommandFinished {
  const [, seconds, code, printed] = EXITED.exec(output) ?? [];
  return {
    type: "command_finished",
    item_id: callId,
    command: command.slice(0, COMMAND_CHARS),
    exit_code: code === undefined ? null : Number(code),
    duration_ms: seconds === undefined ? null : Number(seconds) * 1_000,
    output_tail: (printed ?? output).slice(-OUTPUT_TAIL_CHARS),
    files_read: [],
  };
}

/** Most lines are of other kinds and long: they are not worth parsing. */
function parseLine(text: string): z.infer<typeof Line> | undefined {
  if (!/"(?:exec_command|function_call_output|task_started)"/.test(text)) return undefined;
  const line = Line.safeParse(parseJson(text));
  return line.success ? line.data : undefined;
}

function commandOf(argumentsJson: string): string {
  const parsed = Arguments.safeParse(parseJson(argumentsJson));
  return parsed.success ? parsed.data.cmd : argumentsJson;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
