// A disk process that is killed between two of its steps: what was there before is there, or the restore begins anew.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createLogger } from "../../../../container/lib/log.ts";
import { DiskProcess } from "../../../../container/runner/disk-process.ts";
import { type Disk, look, makeDisk, newId, program, restore, save } from "./disks.ts";

const scripts = mkdtempSync(join(tmpdir(), "disk-killed-"));
afterAll(() => rmSync(scripts, { recursive: true }));

/** The real one, which ends itself at its n-th call of a function of node:fs, where the file beside it says so. */
const order = join(scripts, "order.json");
const mortal = join(scripts, "disk.cjs");
writeFileSync(
  mortal,
  `const fs = require("node:fs");
const order = fs.existsSync(${JSON.stringify(order)}) ? JSON.parse(fs.readFileSync(${JSON.stringify(order)}, "utf8")) : {};
let calls = 0;
if (order.call) {
  const real = fs[order.call];
  fs[order.call] = (...args) => {
    if (++calls === order.nth) process.kill(process.pid, "SIGKILL");
    return real(...args);
  };
}
require(${JSON.stringify(program)});`,
);

async function killedAt<T>(
  call: "renameSync" | "lstatSync" | "mkdirSync",
  nth: number,
  work: () => Promise<T>,
): Promise<T> {
  writeFileSync(order, JSON.stringify({ call, nth }));
  try {
    return await work();
  } finally {
    rmSync(order);
  }
}

function makeMortalDisk(): Disk {
  return makeDisk({ disk: new DiskProcess({ log: createLogger(() => {}, "ERROR"), program: mortal }) });
}

function fill({ workspace }: Disk): void {
  mkdirSync(join(workspace, "d"));
  for (const name of ["a", "b", "c", "d/e"]) writeFileSync(join(workspace, name), `first ${name}`);
}

it.each([1, 3, 6])("while it saves (step %i): the next checkpoint holds what this one would have", async (nth) => {
  const disk = makeMortalDisk();
  fill(disk);
  const id = newId();
  const base = await save(disk, id, null);
  writeFileSync(join(disk.workspace, "a"), "second");
  await expect(killedAt("lstatSync", nth, () => save(disk, newId(), id))).rejects.toThrow("SIGKILL");
  expect(await disk.checkpoints.held()).toEqual([id]);
  expect(readdirSync(join(disk.dataDir, "scratch"))).toEqual([]);
  const delta = await save(disk, newId(), id);
  const fresh = makeDisk();
  await restore(
    fresh,
    newId(),
    [base, delta].flatMap((saved) => (saved === undefined ? [] : [saved.archive])),
  );
  expect(look(fresh)).toEqual(look(disk));
});

it.each([
  ["makes the place empty", "mkdirSync", 2],
  ["looks at what it unpacks", "lstatSync", 1],
] as const)("while it %s: nothing has changed", async (_, call, nth) => {
  const disk = makeMortalDisk();
  fill(disk);
  const id = newId();
  const base = await save(disk, id, null);
  writeFileSync(join(disk.workspace, "later"), "x");
  const before = look(disk);
  if (base === undefined) throw new Error("nothing was saved");
  await expect(killedAt(call, nth, () => restore(disk, id, [base.archive]))).rejects.toThrow("SIGKILL");
  expect(look(disk)).toEqual(before);
  expect(await disk.checkpoints.held()).toEqual([id]);
});

it.each([1, 2, 4])(
  "while it puts files in place (%i of them): the disk continues no checkpoint, and can be restored",
  async (nth) => {
    const disk = makeMortalDisk();
    fill(disk);
    const id = newId();
    const base = await save(disk, id, null);
    const saved = look(disk);
    writeFileSync(join(disk.workspace, "later"), "x");
    if (base === undefined) throw new Error("nothing was saved");
    await expect(killedAt("renameSync", nth, () => restore(disk, id, [base.archive]))).rejects.toThrow("SIGKILL");
    expect(await disk.checkpoints.held()).toEqual([]);
    await restore(disk, id, [base.archive]);
    expect(look(disk)).toEqual(saved);
    expect(await disk.checkpoints.held()).toEqual([id]);
  },
);
