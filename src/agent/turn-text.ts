// A turn as text, for those who want to read up on it. All of it but the headings comes from a caller, the model, a command or the
// repository: data, not instructions.
import type { TurnEvent, TurnEventBody } from "../../container/protocol.ts";
import { BoundedText } from "../lib/bounded-text.ts";
import { progressLine } from "./progress.ts";
import type { AgentStore } from "./store/store.ts";
import type { TurnView } from "./types.ts";

export type TurnPart = "transcript" | "diff" | "log";

/** Above it the middle is left out. */
const MAX_CHARS = 1_000_000;

export function turnText(store: AgentStore, view: TurnView, part: TurnPart): string {
  const text = new BoundedText(MAX_CHARS);
  for (const piece of piecesOf(store, view, part)) text.add(piece);
  return text.toString();
}

function piecesOf(store: AgentStore, view: TurnView, part: TurnPart): Iterable<string> {
  switch (part) {
    case "transcript":
      return transcript(store.turns.request(view.turn_id).prompt, store.turns.events(view.turn_id), view);
    case "diff":
      return [view.evidence?.diff ?? ""];
    case "log":
      return log(store.turns.events(view.turn_id), view);
  }
}

/** What was asked, said, run and answered, in Markdown. */
function* transcript(prompt: string, events: Iterable<TurnEvent>, view: TurnView): Iterable<string> {
  yield `# ${view.tool}, ${view.turn_id}: ${view.status}\n\n## Prompt\n\n${prompt}\n\n## Work`;
  for (const { body } of events) {
    const text = step(body);
    if (text !== undefined && text !== view.answer) yield `\n\n${text}`;
  }
  if (view.answer !== null) yield `\n\n## Answer\n\n${pretty(view.answer)}`;
  if (view.error !== null) yield `\n\n## Error\n\n${view.error.code}: ${view.error.message}`;
}

function step(body: TurnEventBody): string | undefined {
  switch (body.type) {
    case "message":
      return body.text;
    case "command_started":
      return undefined;
    case "command_finished":
      return `$ ${body.command}\n${body.output_tail}\n[exit code ${body.exit_code ?? "unknown"}]`;
    default:
      return progressLine(body);
  }
}

/** One line per event, with its time. */
function* log(events: Iterable<TurnEvent>, { settled_at, status, error }: TurnView): Iterable<string> {
  let newline = "";
  for (const { at, body } of events) {
    const isDone = body.type === "command_finished" && body.exit_code === 0;
    const text = isDone ? `Done: ${body.command}` : progressLine(body);
    if (text === undefined) continue;
    yield `${newline}${timeOf(at)} ${text}`;
    newline = "\n";
  }
  if (settled_at === null) return;
  yield `${newline}${timeOf(settled_at)} The turn is ${status}${error === null ? "" : `: ${error.message}`}`;
}

function timeOf(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

function pretty(answer: string): string {
  try {
    return JSON.stringify(JSON.parse(answer), null, 2);
  } catch {
    return answer;
  }
}
