// Carries a plan out, to its end or not at all. The plan is on disk before the first step: where the process dies, whoever comes
// next goes on (see `finishPlans`).
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import * as z from "zod";
import { HttpFailure } from "../../lib/http.ts";
import { absolutePath } from "../paths.ts";
import { makeWritable, removePath } from "../remove.ts";
import type { Step } from "./plan.ts";

const Steps = z.array(z.object({ kind: z.enum(["out", "keep", "in"]), from: z.string(), to: z.string() }));
const FULL = new Set(["ENOSPC", "EDQUOT"]);

/** Throws `conflict` or `disk_full` where a step cannot be done; then nothing has changed. Removes the stage. */
export function carryOut(dataDir: string, stage: string, steps: readonly Step[]): void {
  mkdirSync(`${dataDir}/${stage}/old`, { recursive: true, mode: 0o700 });
  writeFileSync(`${planOf(dataDir, stage)}.part`, JSON.stringify(steps), { mode: 0o600 });
  renameSync(`${planOf(dataDir, stage)}.part`, planOf(dataDir, stage));
  const done: Step[] = [];
  try {
    for (const step of steps) {
      take(dataDir, step);
      done.push(step);
    }
  } catch (error) {
    for (const step of done.reverse()) undo(dataDir, step);
    end(dataDir, stage);
    throw failureOf(error);
  }
  end(dataDir, stage);
}

/** After a crash: plans that were begun come to their end, all else that is staged goes. `stages` is the directory of stages. */
export function finishPlans(dataDir: string, stages: string): void {
  if (!existsSync(`${dataDir}/${stages}`)) return;
  for (const name of readdirSync(`${dataDir}/${stages}`, { encoding: "latin1" })) {
    const stage = `${stages}/${name}`;
    for (const step of stepsOf(dataDir, stage)) take(dataDir, step);
    end(dataDir, stage);
  }
}

/** Nothing there is no error. One whose plan was begun stays: it holds files of the workspace. */
export function discard(dataDir: string, stage: string): void {
  if (!existsSync(planOf(dataDir, stage))) removePath(dataDir, stage);
}

function end(dataDir: string, stage: string): void {
  // The plan first: what is removed after it must not be taken for what is to be put in place.
  removePath(dataDir, `${stage}/plan.json`);
  removePath(dataDir, stage);
}

/** Plans are written whole: what is none was not written here. */
function stepsOf(dataDir: string, stage: string): Step[] {
  try {
    return Steps.parse(JSON.parse(readFileSync(planOf(dataDir, stage), "utf8")));
  } catch {
    return [];
  }
}

function planOf(dataDir: string, stage: string): string {
  return `${dataDir}/${stage}/plan.json`;
}

/** A step that was taken already is not taken again. */
function take(dataDir: string, { kind, from, to }: Step): void {
  const isThere = statOf(dataDir, to) !== undefined;
  if (statOf(dataDir, from) === undefined || (kind !== "in" && isThere)) return;
  if (kind === "keep") keep(dataDir, from, to);
  else move(dataDir, from, to);
}

function undo(dataDir: string, { from, to }: Step): void {
  if (statOf(dataDir, to) !== undefined) move(dataDir, to, from);
}

/** Where a file system has no second names, the file is not there for a moment. */
function keep(dataDir: string, from: string, to: string): void {
  try {
    linkSync(absolutePath(dataDir, from), absolutePath(dataDir, to));
  } catch {
    move(dataDir, from, to);
  }
}

/** A directory that may not be written to cannot be moved: its way up would change. */
function move(dataDir: string, from: string, to: string): void {
  const isDirectory = statOf(dataDir, from)?.isDirectory() === true;
  const mode = isDirectory ? makeWritable(dataDir, from) : undefined;
  renameSync(absolutePath(dataDir, from), absolutePath(dataDir, to));
  if (mode !== undefined) chmodSync(absolutePath(dataDir, to), mode & 0o7777);
}

function statOf(dataDir: string, path: string) {
  return lstatSync(absolutePath(dataDir, path), { throwIfNoEntry: false });
}

export function failureOf(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (FULL.has(code)) {
    return new HttpFailure(507, { code: "disk_full", message: "The agent's disk is full. Nothing was written." });
  }
  if (!["EACCES", "EPERM", "EROFS", "ENOTEMPTY", "EISDIR", "ENOTDIR", "EEXIST", "EBUSY"].includes(code)) return error;
  const message = `The workspace does not take it (${code}): a directory in the way may not be written to. Nothing was written.`;
  return new HttpFailure(409, { code: "conflict", message });
}
