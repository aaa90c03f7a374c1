// What an archive says is not believed: nothing of it gets outside of its place, and a broken one changes nothing.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { makeFifo, temporaryDirectory } from "../workspace/trees.ts";
import { archiveOf, look, makeDisk, newId, restore, save } from "./disks.ts";

/** An archive as GNU tar makes it in a directory that `script` fills; tar takes names as they are given. */
function tarOf(script: string, args: readonly string[], prepare = (_: string): void => {}) {
  const cwd = temporaryDirectory();
  prepare(cwd);
  execFileSync("bash", ["-ec", script], { cwd, env: { PATH: process.env.PATH, HOME: cwd } });
  const tar = execFileSync("tar", ["-cf-", "--format=posix", "--no-recursion", "-P", ...args], {
    cwd,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return archiveOf(zstdCompressSync(tar));
}

const CORRUPT = { status: 422, body: { code: "corrupt" } };

const target = (): string => temporaryDirectory();

function pipeIn(directory: string): void {
  mkdirSync(join(directory, "workspace"));
  makeFifo(join(directory, "workspace/p"));
}

function withOneByteChanged(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  return bytes;
}

it.each([
  ["an absolute path", () => tarOf("touch f", ["--transform=s,f,/tmp/owned-by-a-test,", "f"])],
  ["a way up", () => tarOf("touch f", ["--transform=s,f,workspace/../../up-by-a-test,", "f"])],
  ["a way up from a root", () => tarOf("touch f", ["--transform=s,f,workspace/..,", "f"])],
  ["another root", () => tarOf("mkdir checkpoints && touch checkpoints/f", ["checkpoints/f"])],
  ["a root itself as a link", () => tarOf("ln -s /tmp workspace", ["workspace"])],
  ["no path", () => tarOf("touch f", ["--transform=s,f,workspace//f,", "f"])],
  [
    "a way through a link of the same archive",
    () =>
      tarOf(`mkdir workspace w && ln -s ${target()} workspace/l && touch w/f`, [
        "--transform=s,^w/,workspace/l/,",
        "workspace/l",
        "w/f",
      ]),
  ],
  [
    "a way through a link to a directory of the same archive",
    () =>
      tarOf("mkdir -p workspace/d w && ln -s d workspace/l && touch w/f", [
        "--transform=s,^w/,workspace/l/,",
        "workspace/d",
        "workspace/l",
        "w/f",
      ]),
  ],
  [
    "a link that is replaced by a directory",
    () =>
      tarOf(`mkdir -p workspace w/l && ln -s ${target()} workspace/l && touch w/l/f`, [
        "--transform=s,^w/,workspace/,",
        "workspace/l",
        "w/l",
        "w/l/f",
      ]),
  ],
  [
    "a hard link to a file outside",
    () =>
      tarOf("mkdir workspace && touch workspace/a && ln workspace/a workspace/b", [
        "--transform=s,^workspace/a$,/etc/passwd,",
        "workspace/a",
        "workspace/b",
      ]),
  ],
  [
    "a hard link up",
    () =>
      tarOf("mkdir workspace && touch workspace/a && ln workspace/a workspace/b", [
        "--transform=flags=h;s,workspace/a,../a,",
        "workspace/a",
        "workspace/b",
      ]),
  ],
  ["a pipe", () => tarOf("true", ["workspace/p"], pipeIn)],
  ["a device", () => tarOf("true", ["--transform=s,^/dev,workspace,", "/dev/null"])],
  ["a sparse file", () => tarOf("mkdir workspace && truncate -s 1M workspace/s", ["--sparse", "workspace/s"])],
  [
    "a global header",
    () => tarOf("mkdir workspace && touch workspace/f", ["--pax-option=globexthdr.name=g,comment=x", "workspace/f"]),
  ],
  [
    "names in GNU's own way",
    () =>
      tarOf(`mkdir workspace && touch workspace/${"x".repeat(200)}`, ["--format=gnu", `workspace/${"x".repeat(200)}`]),
  ],
  [
    "a list of removed files with a way up",
    () => tarOf("printf 'workspace/../../up-by-a-test\\0' > deleted", ["deleted"]),
  ],
  ["a list of removed files with a root", () => tarOf("printf 'workspace\\0' > deleted", ["deleted"])],
  ["no tar at all", () => archiveOf(zstdCompressSync(Buffer.alloc(5_000, "x")))],
  ["no end", () => archiveOf(zstdCompressSync(Buffer.alloc(0)))],
  ["another compression", () => archiveOf(Buffer.from("not zstd"))],
])("refuses an archive with %s", async (_, make) => {
  const disk = makeDisk();
  writeFileSync(join(disk.workspace, "mine"), "kept");
  const before = look(disk);
  const refusal = restore(disk, newId(), [make()]);
  await expect(refusal).rejects.toMatchObject(CORRUPT);
  // For what it holds, and not since it arrived as another one.
  await expect(refusal).rejects.not.toThrow("is not the one that was saved");
  expect(look(disk)).toEqual(before);
  expect(readdirSync(join(disk.dataDir, "..")).filter((name) => name.endsWith("by-a-test"))).toEqual([]);
});

it("refuses a way through a link that an earlier archive has left", async () => {
  const outside = temporaryDirectory();
  const disk = makeDisk();
  symlinkSync(outside, join(disk.workspace, "l"));
  const first = await save(disk, newId(), null);
  if (first === undefined) throw new Error("nothing was saved");
  const fresh = makeDisk();
  const second = tarOf("mkdir -p workspace/l && touch workspace/l/f", ["workspace/l/f"]);
  await expect(restore(fresh, newId(), [first.archive, second])).rejects.toMatchObject(CORRUPT);
  const asDirectory = tarOf("mkdir -p workspace/l && touch workspace/l/f", ["workspace/l", "workspace/l/f"]);
  await expect(restore(fresh, newId(), [first.archive, asDirectory])).rejects.toMatchObject(CORRUPT);
  const removes = tarOf("printf 'workspace/l/f\\0' > deleted", ["deleted"]);
  writeFileSync(join(outside, "f"), "precious");
  await expect(restore(fresh, newId(), [first.archive, removes])).rejects.toMatchObject(CORRUPT);
  expect(readFileSync(join(outside, "f"), "utf8")).toBe("precious");
});

it("refuses what becomes larger than an agent may have, before it is on disk", async () => {
  const disk = makeDisk({ maxBytes: 1_000_000 });
  const bomb = tarOf("mkdir workspace && truncate -s 30M workspace/bomb", ["workspace/bomb"]);
  expect(bomb.bytes.length).toBeLessThan(10_000);
  await expect(restore(disk, newId(), [bomb])).rejects.toMatchObject(CORRUPT);
});

it("refuses to save more than an agent may have", async () => {
  const disk = makeDisk({ maxBytes: 1_000_000 });
  writeFileSync(join(disk.workspace, "huge"), "");
  truncateSync(join(disk.workspace, "huge"), 2_000_000);
  await expect(save(disk, newId(), null)).rejects.toMatchObject({ body: { code: "too_large" } });
});

it.each([
  ["with one byte changed", withOneByteChanged],
  ["that is cut off", (bytes: Buffer) => bytes.subarray(0, bytes.length - 10)],
  ["that goes on", (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
  ["that is empty", () => Buffer.alloc(0)],
])("takes no archive %s", async (_, spoil) => {
  const disk = makeDisk();
  writeFileSync(join(disk.workspace, "f"), "x".repeat(100_000));
  const saved = await save(disk, newId(), null);
  if (saved === undefined) throw new Error("nothing was saved");
  const before = look(disk);
  const { sha256, bytes } = saved.archive;
  await expect(restore(disk, newId(), [{ sha256, bytes: spoil(Buffer.from(bytes)) }])).rejects.toMatchObject(CORRUPT);
  expect(look(disk)).toEqual(before);
});

it("continues no checkpoint after a restore that did not come to its end", async () => {
  const disk = makeDisk();
  writeFileSync(join(disk.workspace, "f"), "x");
  const id = newId();
  await save(disk, id, null);
  expect(await disk.checkpoints.held()).toEqual([id]);
  await disk.checkpoints.beginRestore();
  expect(await disk.checkpoints.held()).toEqual([id]);
  await disk.checkpoints.finishRestore(null);
  expect(await disk.checkpoints.held()).toEqual([]);
  expect(look(disk)).toEqual([]);
});

it("saves and restores nothing while a turn is at work", async () => {
  const disk = makeDisk({ isTurnActive: () => true });
  const refusal = { body: { code: "turn_active" } };
  await expect(save(disk, newId(), null)).rejects.toMatchObject(refusal);
  await expect(disk.checkpoints.beginRestore()).rejects.toMatchObject(refusal);
  await expect(disk.checkpoints.finishRestore(null)).rejects.toMatchObject(refusal);
});

it("says where a machine has no GNU tar", async () => {
  const disk = makeDisk({ findTar: async () => undefined });
  await expect(save(disk, newId(), null)).rejects.toMatchObject({ status: 501, body: { code: "tar_missing" } });
});
