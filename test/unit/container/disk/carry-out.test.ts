// Staged files get to their places all together, also where the process that moves them dies between any two steps.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { carryOut, discard, finishPlans } from "../../../../container/disk/files/carry-out.ts";
import { Plan, type Step } from "../../../../container/disk/files/plan.ts";
import { readTree, temporaryDirectory } from "../workspace/trees.ts";

const STAGE = "incoming/one";

/** A disk with a workspace and what is to come into it. */
function makeDisk(workspace: Record<string, string>, comes: Record<string, string>): string {
  const dataDir = temporaryDirectory();
  for (const [root, files] of [
    ["workspace", workspace],
    [`${STAGE}/new`, comes],
  ] as const) {
    mkdirSync(join(dataDir, root), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dataDir, root, path)), { recursive: true });
      writeFileSync(join(dataDir, root, path), content);
    }
  }
  return dataDir;
}

function contentOf(dataDir: string): Record<string, string> {
  const entries = Object.entries(readTree(join(dataDir, "workspace")));
  return Object.fromEntries(
    entries.map(([path, file]) => [path, "content" in file ? file.content : `-> ${file.target}`]),
  );
}

function planOf(dataDir: string, replacedAt?: string): Step[] {
  const plan = new Plan({ dataDir, stage: STAGE, ...(replacedAt === undefined ? {} : { replacedAt }) });
  plan.remove("deleted");
  plan.addTree();
  return plan.steps;
}

const OLD = { "d/kept": "1", "d/file": "1", "only/old": "1", deleted: "1" };
const NEW = { "d/file": "2", "d/new": "2", "fresh/x/y": "2" };

describe.each([
  ["merged", undefined, { "d/kept": "1", "d/file": "2", "d/new": "2", "fresh/x/y": "2", "only/old": "1" }],
  ["put in place of a directory", "d", { "d/file": "2", "d/new": "2", "fresh/x/y": "2", "only/old": "1" }],
  ["put in place of all", "", NEW],
])("a tree that is %s", (_, replacedAt, expected) => {
  it("is there afterwards, and nothing else is left", () => {
    const dataDir = makeDisk(OLD, NEW);
    carryOut(dataDir, STAGE, planOf(dataDir, replacedAt));
    expect(contentOf(dataDir)).toEqual(expected);
    expect(readdirSync(join(dataDir, "incoming"))).toEqual([]);
  });

  it("is there after a death between any two steps, once somebody goes on", () => {
    const steps = planOf(makeDisk(OLD, NEW), replacedAt).length;
    for (let taken = 0; taken <= steps; taken++) {
      const dataDir = makeDisk(OLD, NEW);
      const plan = planOf(dataDir, replacedAt);
      dieAfter(dataDir, plan, taken);
      finishPlans(dataDir, "incoming");
      expect(contentOf(dataDir)).toEqual(expected);
      expect(readdirSync(join(dataDir, "incoming"))).toEqual([]);
    }
  });
});

it("what was staged without a plan goes, and the workspace stays", () => {
  const dataDir = makeDisk(OLD, NEW);
  writeFileSync(join(dataDir, STAGE, "plan.json.part"), "[");
  finishPlans(dataDir, "incoming");
  expect(contentOf(dataDir)).toEqual(OLD);
  expect(readdirSync(join(dataDir, "incoming"))).toEqual([]);
});

it("a stage whose plan was begun is not thrown away", () => {
  const dataDir = makeDisk(OLD, NEW);
  const plan = planOf(dataDir, "");
  dieAfter(dataDir, plan, 2);
  discard(dataDir, STAGE);
  finishPlans(dataDir, "incoming");
  expect(contentOf(dataDir)).toEqual(NEW);
});

it("a step that fails undoes those before it", () => {
  const dataDir = makeDisk(OLD, NEW);
  const plan = planOf(dataDir);
  const impossible: Step = { kind: "in", from: `${STAGE}/new/d`, to: "workspace/only/old/below-a-file" };
  expect(() => carryOut(dataDir, STAGE, [...plan, impossible])).toThrow();
  expect(contentOf(dataDir)).toEqual(OLD);
  expect(readdirSync(join(dataDir, "incoming"))).toEqual([]);
});

it("directories keep their modes, also those that may not be written to", () => {
  const dataDir = makeDisk({ "closed/f": "1" }, { "locked/f": "2" });
  chmodSync(join(dataDir, "workspace/closed"), 0o555);
  chmodSync(join(dataDir, STAGE, "new/locked"), 0o555);
  carryOut(dataDir, STAGE, planOf(dataDir, ""));
  expect(contentOf(dataDir)).toEqual({ "locked/f": "2" });
  expect(statSync(join(dataDir, "workspace/locked")).mode & 0o777).toBe(0o555);
  chmodSync(join(dataDir, "workspace/locked"), 0o755);
});

it("a link in the workspace is never gone through", () => {
  const outside = temporaryDirectory();
  const dataDir = makeDisk({}, { "way/f": "2" });
  symlinkSync(outside, join(dataDir, "workspace/way"));
  expect(() => planOf(dataDir)).toThrow(/is a link/);
  expect(existsSync(join(outside, "f"))).toBe(false);
});

/** As a process that is killed: the plan is on disk, and so many of its steps are done. */
function dieAfter(dataDir: string, steps: readonly Step[], taken: number): void {
  mkdirSync(join(dataDir, STAGE, "old"), { recursive: true });
  writeFileSync(join(dataDir, STAGE, "plan.json"), JSON.stringify(steps));
  for (const { kind, from, to } of steps.slice(0, taken)) {
    if (!existsSync(join(dataDir, from))) continue;
    if (kind === "keep") writeFileSync(join(dataDir, to), "1");
    else renameSync(join(dataDir, from), join(dataDir, to));
  }
}
