// A turn as text, for those who want to read up on it. All of it but the headings comes from a caller, the model, a command or the
// repository: data, not instructions.
import type { TurnEvent, TurnEventBody } from "../../container/protocol.ts";
import { progressLine } from "./progress.ts";
import type { AgentStore } from "./store/store.ts";
import type { TurnView } from "./types.ts";

export type TurnPart = "transcript" | "diff" | "log";

/** Above it the middle is left out. */
const MAX_CHARS = 1_000_000;

export function turnText(store: AgentStore, view: TurnView, part: TurnPart): string {
  switch (part) {
    case "transcript":
      return withoutMiddle(
        transcript(store.turns.request(view.turn_id).prompt, store.turns.events(view.turn_id), view),
      );
    case "diff":
      return withoutMiddle(view.evidence?.diff ?? "");
    case "log":
      return withoutMiddle([...store.turns.events(view.turn_id).flatMap(logLines), ...lastLine(view)].join("\n"));
  }
}

/** What was asked, said, run and answered, in Markdown. */
function transcript(prompt: string, events: readonly TurnEvent[], view: TurnView): string {
  const steps = events.map(({ body }) => step(body)).filter((text) => text !== undefined && text !== view.answer);
  return [
    `# ${view.tool}, ${view.turn_id}: ${view.status}`,
    `## Prompt\n\n${prompt}`,
    `## Work\n\n${steps.join("\n\n")}`,
    view.answer === null ? undefined : `## Answer\n\n${pretty(view.answer)}`,
    view.error === null ? undefined : `## Error\n\n${view.error.code}: ${view.error.message}`,
  ]
    .filter((section) => section !== undefined)
    .join("\n\n");
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
function logLines({ at, body }: TurnEvent): string[] {
  const isDone = body.type === "command_finished" && body.exit_code === 0;
  const text = isDone ? `Done: ${body.command}` : progressLine(body);
  return text === undefined ? [] : [`${timeOf(at)} ${text}`];
}

function lastLine({ settled_at, status, error }: TurnView): string[] {
  if (settled_at === null) return [];
  return [`${timeOf(settled_at)} The turn is ${status}${error === null ? "" : `: ${error.message}`}`];
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

function withoutMiddle(text: string): string {
  if (text.length <= MAX_CHARS) return text;
  const half = MAX_CHARS / 2;
  return `${text.slice(0, half)}\n\n[${text.length - MAX_CHARS} characters are left out]\n\n${text.slice(-half)}`;
}
