// What must hold of every turn, whatever struck it. Each check returns what is wrong, in words.
import { RunnerErrorCode } from "../../container/protocol.ts";
import { progressLine } from "../../src/agent/progress.ts";
import { statusOf } from "../../src/errors.ts";
import type { RecordedRequest } from "../support/fake-model/request-log.ts";
import type { Answer } from "./client.ts";
import { excusedCodes } from "./excuses.ts";
import type { Fault } from "./fault-plan.ts";
import type { TurnPlan } from "./plan.ts";
import type { Trace } from "./trace.ts";
import type { Attachment, TurnRun } from "./turn-run.ts";

export interface Seen {
  run: TurnRun;
  /** As the turn stands in the end. */
  view: Answer | undefined;
  log: string[];
}

/** What comes of a turn by itself, and what a call may be refused with (a code of a turn has no status of its own: 422). */
const OF_A_TURN: ReadonlySet<string> = new Set(RunnerErrorCode.options);
const UNPROCESSABLE = 422;
const LAST_LINE = /^\S+ The turn is (\w+)/;
const DONE_LINE = /^\S+ Done: /;

export function turnProblems(seen: Seen, trace: Trace, struck: readonly Fault[]): string[] {
  const { run, view } = seen;
  const problems = [
    ...acceptance(run, trace),
    ...run.oddities,
    ...(view === undefined
      ? ["the turn cannot be read in the end"]
      : [...settlement(run, view), ...ending(run, view, struck)]),
    ...(run.turnId === undefined ? [] : course(seen, trace)),
  ];
  return problems.map((problem) => `${run.plan.tag}: ${problem}`);
}

/** One request is one turn, and was given to runners under one id. */
function acceptance({ plan, ids, refusals }: TurnRun, trace: Trace): string[] {
  const given = trace.turnsOf.get(plan.tag) ?? new Set();
  return [
    ...(ids.size === 1
      ? []
      : [`its request was answered with ${ids.size} turns, after ${JSON.stringify(refusals.at(-1))}`]),
    ...[...given].filter((id) => !ids.has(id)).map((id) => `the runner was given ${id}, which nobody was told of`),
    ...refusals.flatMap(({ error }) => codeProblem(error?.code)),
  ];
}

/** It has settled, and everybody was told the same. */
function settlement({ attachments }: TurnRun, view: Answer): string[] {
  // A failure without a turn is one of the call.
  const told = [...attachments.map(({ answer }) => answer), view].filter(
    (answer) => typeof answer?.turn_id === "string" && isSettled(answer),
  );
  const different = new Set(
    told.map((answer) => JSON.stringify([answer?.status, answer?.error?.code, answer?.duration_ms])),
  );
  return [
    ...(isSettled(view) ? [] : [`it never settled: ${view.status}`]),
    ...(different.size <= 1
      ? []
      : [`it was told to have settled in ${different.size} ways: ${[...different].join(", ")}`]),
  ];
}

function ending(run: TurnRun, { status, error }: Answer, struck: readonly Fault[]): string[] {
  if (status === "completed" || error === undefined) return [];
  const excused = excusedCodes(struck, run.plan);
  return [
    ...codeProblem(error.code),
    ...(excused.has(error.code)
      ? []
      : [`it is ${status} with ${error.code}, and nothing that struck excuses it: ${error.message}`]),
  ];
}

/** What is kept of it is what the runner said, and everybody saw it whole and in order. */
function course({ run, view, log }: Seen, trace: Trace): string[] {
  const events = trace.eventsOf(run.turnId ?? "");
  const lines = events.flatMap(({ body }) => progressLine(body) ?? []);
  const kept = log
    .filter((line) => !LAST_LINE.test(line) && !DONE_LINE.test(line))
    .map((line) => line.replace(/^\S+ /, ""));
  const isWhole = view?.status !== "completed" || kept.length === lines.length;
  const ends = log.filter((line) => LAST_LINE.test(line)).length;
  return [
    ...(isPrefix(kept, lines) && isWhole
      ? []
      : [`kept of its course is ${show(kept)} where the runner said ${show(lines)}`]),
    ...(ends === 1 ? [] : [`its log has ${ends} ends`]),
    ...run.attachments.flatMap((attachment) => watching(attachment, kept)),
  ];
}

function watching({ by, progress, answer }: Attachment, kept: readonly string[]): string[] {
  const messages = progress.map(({ message }) => message);
  const isNumbered = progress.every(({ number }, index) => number === index + 1);
  // Who came after its end is told the end only.
  const sawAll = answer === undefined || !isSettled(answer) || messages.length === 0 || messages.length === kept.length;
  return [
    ...(isNumbered ? [] : [`progress by ${by} is numbered ${progress.map(({ number }) => number).join(", ")}`]),
    ...(isPrefix(messages, kept) && sawAll ? [] : [`a watcher by ${by} saw ${show(messages)} of ${show(kept)}`]),
  ];
}

/** The model was asked for it in one turn of Codex only. */
export function modelProblems(seen: readonly Seen[], requests: readonly RecordedRequest[]): string[] {
  return seen.flatMap(({ run: { plan } }) => {
    const asked = requests.filter(({ promptText }) => promptText.includes(`(#${plan.tag})`));
    const turns = new Set(asked.map(({ headers }) => codexTurnOf(String(headers["x-codex-turn-metadata"] ?? "{}"))));
    return turns.size > 1 ? [`${plan.tag}: Codex worked on it ${turns.size} times`] : [];
  });
}

/** The turns of one agent were given to runners in the order in which they were accepted. */
export function orderProblems(turns: readonly TurnPlan[], trace: Trace): string[] {
  const wanted = turns.map(({ tag }) => tag).filter((tag) => trace.turnsOf.has(tag));
  const found = [...trace.turnsOf.keys()].filter((tag) => wanted.includes(tag));
  return isPrefix(found, wanted) ? [] : [`turns ran in the order ${found.join(", ")}`];
}

function codexTurnOf(metadata: string): string {
  return String(JSON.parse(metadata).turn_id);
}

function codeProblem(code: string | undefined): string[] {
  const isKnown = code !== undefined && (OF_A_TURN.has(code) || statusOf(code as never) !== UNPROCESSABLE); // asks whether it is one
  return isKnown ? [] : [`${code} is no code of ours`];
}

function isSettled({ status = "" }: Answer): boolean {
  return ["completed", "failed", "cancelled", "interrupted"].includes(status);
}

function isPrefix(part: readonly string[], whole: readonly string[]): boolean {
  return part.length <= whole.length && part.every((value, index) => value === whole[index]);
}

function show(lines: readonly string[]): string {
  return JSON.stringify(lines.map((line) => line.slice(0, 60)));
}
