// The table that a run ends with, and its place in the README.
import { median, quantile, summary } from "./statistics.ts";

export interface Row {
  what: string;
  ours: string;
  against: string;
  theirs: string;
  ratio: string;
  target: string;
  /** Undefined where there is no target. */
  isMet: boolean | undefined;
}

/** All that are given have to be met. */
export interface Target {
  /** Our median divided by theirs. */
  atMost?: number;
  /** Their median divided by ours. */
  fasterThan?: number;
  /** Our median itself. */
  max?: number;
  /** The ratio in percent, and as many digits as that takes. */
  isShare?: boolean;
  /** Our 95th percentile, beside the spread. */
  shows95?: boolean;
}

const BEGIN = "<!-- bench: written by npm run bench -->";
const END = "<!-- /bench -->";
const HEAD = ["what", "this server", "against", "median there", "ratio", "target", "met"];

export function comparison(
  what: string,
  ours: readonly number[],
  against: string,
  theirs: readonly number[],
  target: Target,
): Row {
  const ratio = median(ours) / median(theirs);
  const checks = [
    target.atMost === undefined ? undefined : ratio <= target.atMost,
    target.fasterThan === undefined ? undefined : 1 / ratio >= target.fasterThan,
    target.max === undefined ? undefined : median(ours) <= target.max,
  ].filter((check) => check !== undefined);
  const p95 = target.shows95 === true ? `, p95 ${quantile(ours, 0.95).toFixed(0)}` : "";
  return {
    what,
    ours: summary(ours) + p95,
    against,
    theirs: summary(theirs),
    ratio: ratioText(ratio, target),
    target: describe(target),
    isMet: checks.length === 0 ? undefined : checks.every(Boolean),
  };
}

/** A side that could not be measured. */
export function leftOut(what: string, against: string, reason: string): Row {
  return { what, ours: "–", against, theirs: `left out: ${reason}`, ratio: "–", target: "–", isMet: undefined };
}

export function toTable(rows: readonly Row[]): string {
  const lines = rows.map(({ what, ours, against, theirs, ratio, target, isMet }) =>
    [what, ours, against, theirs, ratio, target, isMet === undefined ? "–" : isMet ? "yes" : "**no**"].map(toCell),
  );
  return [HEAD, HEAD.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Puts the report between the marks of a text. Throws where they are not there. */
export function putBetweenMarks(text: string, report: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`The text lacks the marks ${BEGIN} and ${END}.`);
  return `${text.slice(0, begin + BEGIN.length)}\n${report.trim()}\n${text.slice(end)}`;
}

/** What is between the marks now. */
export function betweenMarks(text: string): string {
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).trim();
}

function ratioText(ratio: number, { isShare, fasterThan }: Target): string {
  if (fasterThan !== undefined) return `${(1 / ratio).toFixed(1)} × faster`;
  return isShare === true ? percent(ratio) : ratio.toFixed(2);
}

function describe({ atMost, fasterThan, max, isShare }: Target): string {
  const parts = [
    atMost === undefined ? undefined : `≤ ${isShare === true ? percent(atMost) : `${atMost} ×`}`,
    fasterThan === undefined ? undefined : `≥ ${fasterThan} × faster`,
    max === undefined ? undefined : `≤ ${max}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "–" : parts.join(", ");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 3 : 1)} %`;
}

function toCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
