// Sizes at which what is only slow with few files would not end.

import { randomBytes } from "node:crypto";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Archive, look, makeDisk, newId, restore, save } from "./disks.ts";

const MIB = 1024 * 1024;

it("saves and restores 50 000 small files, and then the one that changed", { timeout: 120_000 }, async () => {
  const disk = makeDisk();
  for (let directory = 0; directory < 500; directory++) {
    mkdirSync(join(disk.workspace, `d${directory}`));
    for (let file = 0; file < 100; file++)
      writeFileSync(join(disk.workspace, `d${directory}/f${file}`), `${directory}`);
  }
  const id = newId();
  const base = await save(disk, id, null);
  writeFileSync(join(disk.workspace, "d7/f7"), "changed");
  const delta = await save(disk, newId(), id);
  expect(delta?.bytes).toBeLessThan(2_000);
  const fresh = makeDisk();
  await restore(
    fresh,
    newId(),
    [base, delta].flatMap((saved): Archive[] => (saved === undefined ? [] : [saved.archive])),
  );
  expect(look(fresh).join("\n") === look(disk).join("\n")).toBe(true);
});

it("saves and restores a file of 1 GB, with little memory", { timeout: 120_000 }, async () => {
  const disk = makeDisk();
  const piece = randomBytes(8 * MIB);
  const path = join(disk.workspace, "huge");
  for (let part = 0; part < 128; part++) writeFileSync(path, piece, { flag: "a" });
  const answer = await disk.checkpoints.create({ id: "ckpt_huge", parent: null, is_base: true, is_forced: false });
  if (answer.status !== "ready") throw new Error("nothing was saved");
  const fresh = makeDisk();
  await fresh.checkpoints.beginRestore();
  await fresh.checkpoints.unpack(disk.checkpoints.read("ckpt_huge", 0, answer.bytes), answer);
  await fresh.checkpoints.finishRestore("ckpt_huge");
  expect(statSync(join(fresh.workspace, "huge")).size).toBe(1024 * MIB);
  expect(process.memoryUsage.rss()).toBeLessThan(600 * MIB);
});
