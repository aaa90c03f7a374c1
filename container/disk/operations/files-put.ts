// Puts what is staged in place, or takes it away; and brings to an end what a process that died has begun.
import { lstatSync, readdirSync, type Stats } from "node:fs";
import * as z from "zod";
import { HttpFailure } from "../../lib/http.ts";
import { carryOut, discard, failureOf, finishPlans } from "../files/carry-out.ts";
import { Plan } from "../files/plan.ts";
import { absolutePath } from "../paths.ts";

const Staged = z.object({ dataDir: z.string(), stage: z.string() });

export const FilesPut = {
  name: "files_put",
  /** `at`: what is there goes away as a whole (paths have one character per byte); only where `replace` may it be anything. */
  request: Staged.extend({ at: z.string().optional(), replace: z.boolean().default(false) }),
  result: z.object({}),
};

export const FilesDiscard = { name: "files_discard", request: Staged, result: z.object({}) };

export const FilesFinish = {
  name: "files_finish",
  request: z.object({ dataDir: z.string(), stages: z.string() }),
  result: z.object({}),
};

/** Throws `conflict`, `not_empty`, `disk_full`; then nothing has changed. The stage is gone in any case. */
export async function filesPut({
  dataDir,
  stage,
  at,
  replace,
}: z.infer<typeof FilesPut.request>): Promise<Record<string, never>> {
  try {
    if (at !== undefined && !replace) requireEmpty(dataDir, at);
    const plan = new Plan({ dataDir, stage, ...(at === undefined ? {} : { replacedAt: at }) });
    plan.addTree();
    carryOut(dataDir, stage, plan.steps);
  } catch (error) {
    discard(dataDir, stage);
    throw failureOf(error);
  }
  return {};
}

export async function filesDiscard({
  dataDir,
  stage,
}: z.infer<typeof FilesDiscard.request>): Promise<Record<string, never>> {
  discard(dataDir, stage);
  return {};
}

export async function filesFinish({
  dataDir,
  stages,
}: z.infer<typeof FilesFinish.request>): Promise<Record<string, never>> {
  finishPlans(dataDir, stages);
  return {};
}

/** Throws `not_empty`. What is no directory is not empty. */
export function requireEmpty(dataDir: string, at: string): void {
  const place = absolutePath(dataDir, at === "" ? "workspace" : `workspace/${at}`);
  const stat = statOf(place);
  if (stat === undefined || (stat.isDirectory() && readdirSync(place).length === 0)) return;
  const what = at === "" ? "The workspace" : JSON.stringify(Buffer.from(at, "latin1").toString());
  const message = `${what} is not empty. Choose another directory, or say that it is to be replaced.`;
  throw new HttpFailure(409, { code: "not_empty", message });
}

/** What is in the way is found by the plan. */
function statOf(place: string | Buffer): Stats | undefined {
  try {
    return lstatSync(place, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
