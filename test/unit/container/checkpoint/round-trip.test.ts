// What a disk holds comes back on another one, from a base and what changed after it.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { randomChange, randomTree, seededRandom } from "../workspace/random-trees.ts";
import { makeFifo, writeTree } from "../workspace/trees.ts";
import { type Archive, archiveOf, type Disk, look, makeDisk, newId, restore, save } from "./disks.ts";

/** Saves `disk`, makes each change and saves again; then all of it must be on a fresh disk. */
async function expectSurvives(disk: Disk, ...changes: ((workspace: string) => void)[]): Promise<void> {
  const chain: Archive[] = [];
  let parent: string | null = null;
  for (const change of changes) {
    change(disk.workspace);
    const id = newId();
    const saved = await save(disk, id, parent);
    if (saved === undefined) continue;
    chain.push(saved.archive);
    parent = id;
  }
  const fresh = makeDisk();
  await restore(fresh, parent, chain);
  expect(look(fresh)).toEqual(look(disk));
}

const shell = (script: string) => (workspace: string) =>
  void execFileSync("bash", ["-ec", script], { cwd: workspace, env: { PATH: process.env.PATH, HOME: workspace } });

it("brings back files, modes, times, empty directories, symbolic and hard links", async () => {
  await expectSurvives(makeDisk(), (workspace) => {
    mkdirSync(join(workspace, "empty/deep"), { recursive: true });
    writeFileSync(join(workspace, "run.sh"), "#!/bin/sh", { mode: 0o755 });
    writeFileSync(join(workspace, "secret"), "x", { mode: 0o400 });
    linkSync(join(workspace, "run.sh"), join(workspace, "empty/same.sh"));
    symlinkSync("../run.sh", join(workspace, "empty/link"));
    symlinkSync("/etc/passwd", join(workspace, "outside"));
    symlinkSync("nowhere", join(workspace, "dangling"));
    utimesSync(join(workspace, "secret"), 1_000_000_000.25, 1_000_000_000.25);
    mkdirSync(join(workspace, "locked"));
    writeFileSync(join(workspace, "locked/inside"), "kept");
    chmodSync(join(workspace, "locked"), 0o555);
  });
});

it("brings back names that are no plain text", async () => {
  await expectSurvives(makeDisk(), (workspace) => {
    for (const name of [
      "new\nline",
      "-rf",
      "--checkpoint=1",
      " ",
      "a\\b",
      "größe",
      "日本語",
      "\u0001",
      "*",
      "@list",
      "x".repeat(255),
    ]) {
      writeFileSync(join(workspace, name), name);
    }
    writeFileSync(Buffer.concat([Buffer.from(`${workspace}/`), Buffer.from([0xff, 0xfe, 0x0a, 0x80])]), "bytes");
    mkdirSync(join(workspace, ...Array(12).fill("long".repeat(25))), { recursive: true });
  });
});

it("brings back a repository with its .git, and git finds it unharmed", async () => {
  const disk = makeDisk();
  const commit = 'git add -A && git -c user.name=a -c user.email=a@b commit -qm "$RANDOM"';
  await expectSurvives(
    disk,
    shell(`git init -q && echo one > a && ${commit}`),
    shell(`echo two > a && git mv a b && ${commit} && git gc -q`),
    shell(`git checkout -q -b other && echo three > c && ${commit}`),
  );
});

describe("changes between two checkpoints", () => {
  const start = shell("mkdir -p a/b c && echo 1 > a/b/f && echo 2 > c/g && ln -s a link && echo 3 > h && ln h hard");
  it.each([
    ["a deleted file", "rm a/b/f"],
    ["a deleted directory", "rm -r a"],
    ["a renamed directory", "mv a z"],
    ["a directory in the place of another one", "rm -r a && mv c a"],
    ["directories that changed places", "mv a t && mv c a && mv t c"],
    ["a file where a directory was", "rm -r a && echo x > a"],
    ["a directory where a file was", "rm h && mkdir h && echo x > h/i"],
    ["a directory where a link was", "rm link && mkdir link && echo x > link/y"],
    ["a link where a directory was", "mv a moved && ln -s moved a"],
    ["a link with another target", "ln -sfn c link"],
    ["another mode", "chmod 600 h && chmod 700 a"],
    ["a new hard link", "ln h third"],
    ["a hard link that is one no more", "cp h n && mv n hard && echo more >> hard"],
    ["the same size and time with another content", "touch -r h t && echo 9 > h && touch -r t h && rm t"],
    ["a change in a directory that nobody may write to", "echo x > a/b/g && chmod 555 a/b"],
    ["everything gone", "rm -r a c h hard link"],
    ["a file like the list of removed ones", "mkdir deleted && echo x > deleted/deleted && rm -r c"],
  ])("%s", async (_, script) => {
    await expectSurvives(makeDisk(), start, shell(script));
  });
});

it("puts back what was deleted and made again over several checkpoints", async () => {
  await expectSurvives(
    makeDisk(),
    shell("mkdir d && echo 1 > d/f && chmod 555 d"),
    shell("chmod 755 d && rm -r d"),
    shell("mkdir d && echo 2 > d/f"),
    shell("rm d/f && mkdir d/f && echo 3 > d/f/g"),
    shell("rm -r d && ln -s /tmp d"),
    shell("rm d && mkdir d && echo 4 > d/h"),
  );
});

it.each(Array.from({ length: 25 }, (_, seed) => seed))(
  "brings back random trees after random changes (%i)",
  async (seed) => {
    const random = seededRandom(seed);
    let tree = randomTree(random);
    const rewrite = (workspace: string): void => {
      const next = randomChange(random, tree);
      for (const path of Object.keys(tree))
        if (!(path in next)) rmSync(join(workspace, path), { recursive: true, force: true });
      rmSync(workspace, { recursive: true });
      mkdirSync(workspace, { mode: 0o700 });
      tree = next;
      writeTree(workspace, tree);
    };
    await expectSurvives(makeDisk(), (workspace) => writeTree(workspace, tree), rewrite, rewrite, rewrite);
  },
);

it("saves after a restore only what changed since", async () => {
  const disk = makeDisk();
  for (let number = 0; number < 200; number++) writeFileSync(join(disk.workspace, `f${number}`), "x".repeat(number));
  const base = await save(disk, newId(), null);
  const woken = makeDisk();
  const id = newId();
  await restore(woken, id, [base?.archive ?? archiveOf(Buffer.alloc(0))]);
  expect(await save(woken, newId(), id)).toBeUndefined();
  writeFileSync(join(woken.workspace, "f7"), "changed");
  const delta = await save(woken, newId(), id);
  expect(delta?.parent).toBe(id);
  const third = makeDisk();
  await restore(
    third,
    newId(),
    [base, delta].map((saved) => saved?.archive ?? archiveOf(Buffer.alloc(0))),
  );
  expect(look(third)).toEqual(look(woken));
});

it("replaces what was on the disk, also what nobody may write to", async () => {
  const disk = makeDisk();
  shell("echo kept > a")(disk.workspace);
  const base = await save(disk, newId(), null);
  const before = look(disk);
  shell("rm a && mkdir -p d/e && echo x > d/e/f && chmod 000 d/e && chmod 555 d")(disk.workspace);
  const { ino } = lstatSync(disk.workspace);
  await restore(disk, newId(), [base?.archive ?? archiveOf(Buffer.alloc(0))]);
  expect(look(disk)).toEqual(before);
  expect(lstatSync(disk.workspace).ino).toBe(ino);
});

it("leaves special files and caches out, and says so of the files", async () => {
  const disk = makeDisk();
  makeFifo(join(disk.workspace, "pipe"));
  mkdirSync(join(disk.dataDir, "home/.cache"));
  writeFileSync(join(disk.dataDir, "home/.profile"), "x");
  const saved = await save(disk, newId(), null);
  expect(saved?.notes).toEqual(["pipe: is a special file and not saved"]);
  rmSync(join(disk.workspace, "pipe"));
  rmSync(join(disk.dataDir, "home/.cache"), { recursive: true });
  const fresh = makeDisk();
  await restore(fresh, newId(), [saved?.archive ?? archiveOf(Buffer.alloc(0))]);
  expect(look(fresh)).toEqual(look(disk));
});

it("takes privileges off files that ran as their owner", async () => {
  const disk = makeDisk();
  writeFileSync(join(disk.workspace, "su"), "x");
  chmodSync(join(disk.workspace, "su"), 0o6755);
  const saved = await save(disk, newId(), null);
  const fresh = makeDisk();
  await restore(fresh, newId(), [saved?.archive ?? archiveOf(Buffer.alloc(0))]);
  expect(lstatSync(join(fresh.workspace, "su")).mode & 0o7777).toBe(0o755);
});

it("saves again a file that changed while it was saved", async () => {
  const disk = makeDisk();
  const path = join(disk.workspace, "log");
  writeFileSync(path, "x".repeat(20_000_000));
  const id = newId();
  const saving = save(disk, id, null);
  const writer = setInterval(() => writeFileSync(path, "more\n", { flag: "a" }), 1);
  const base = await saving.finally(() => clearInterval(writer));
  expect(base?.notes).toEqual(["log: changed while it was saved"]);
  const delta = await save(disk, newId(), id);
  const fresh = makeDisk();
  await restore(
    fresh,
    newId(),
    [base, delta].map((saved) => saved?.archive ?? archiveOf(Buffer.alloc(0))),
  );
  expect(look(fresh)).toEqual(look(disk));
});

it("never misses a change that is as young as the checkpoint", async () => {
  const disk = makeDisk();
  const path = join(disk.workspace, "f");
  let parent: string | null = null;
  const chain: Archive[] = [];
  for (let round = 0; round < 30; round++) {
    // The same size, as soon as possible after the one before: only the clock can tell.
    writeFileSync(path, String(round).padStart(4, "0"));
    const id = newId();
    const saved = await save(disk, id, parent);
    if (saved === undefined) throw new Error(`the change of round ${round} was missed`);
    chain.push(saved.archive);
    parent = id;
  }
  renameSync(path, join(disk.workspace, "g"));
  const last = await save(disk, newId(), parent);
  if (last !== undefined) chain.push(last.archive);
  const fresh = makeDisk();
  await restore(fresh, newId(), chain);
  expect(look(fresh)).toEqual(look(disk));
});
