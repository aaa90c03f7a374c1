// Disks of agents for the tests of checkpoints: what is on one, to the byte, and archives from one to another.
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll } from "vitest";
import { buildRunner } from "../../../../container/build.ts";
import { createLogger } from "../../../../container/lib/log.ts";
import { Checkpoints, type CheckpointsOptions } from "../../../../container/runner/checkpoint/checkpoints.ts";
import { DiskProcess } from "../../../../container/runner/disk-process.ts";
import { temporaryDirectory } from "../workspace/trees.ts";

export interface Disk {
  dataDir: string;
  workspace: string;
  checkpoints: Checkpoints;
}

export interface Archive {
  bytes: Buffer;
  sha256: string;
}

/** As an image has it, which also starts faster than the sources. */
const bundles = mkdtempSync(join(tmpdir(), "disk-bundle-"));
afterAll(() => rmSync(bundles, { recursive: true }));
export const program = join(await buildRunner(bundles), "../disk.cjs");

export function makeDisk(options: Partial<CheckpointsOptions> = {}): Disk {
  const dataDir = temporaryDirectory();
  for (const name of ["workspace", "home"]) mkdirSync(join(dataDir, name), { mode: 0o700 });
  const log = createLogger(() => {}, "ERROR");
  const checkpoints = new Checkpoints({
    dataDir,
    disk: new DiskProcess({ log, program }),
    directory: join(dataDir, "checkpoints"),
    scratch: join(dataDir, "scratch"),
    staging: join(dataDir, "staging"),
    forgetConversations: async () => {},
    isTurnActive: () => false,
    ...options,
  });
  return { dataDir, workspace: join(dataDir, "workspace"), checkpoints };
}

let lastId = 0;
export function newId(): string {
  return `ckpt_${++lastId}`;
}

/** The archive, or undefined where nothing has changed. */
export async function save(disk: Disk, id: string, parent: string | null, isBase = false) {
  const answer = await disk.checkpoints.create({ id, parent, is_base: isBase, is_forced: false });
  if (answer.status === "unchanged") return undefined;
  const bytes = await buffer(disk.checkpoints.read(id, 0, answer.bytes));
  await disk.checkpoints.release(id);
  return { ...answer, archive: { bytes, sha256: answer.sha256 } };
}

export async function restore(disk: Disk, id: string | null, chain: readonly Archive[]): Promise<void> {
  await disk.checkpoints.beginRestore();
  for (const { bytes, sha256 } of chain) {
    await disk.checkpoints.unpack(Readable.from(inPieces(bytes)), { sha256, bytes: bytes.length });
  }
  await disk.checkpoints.finishRestore(id);
}

export function archiveOf(bytes: Buffer): Archive {
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** One line per entry: path (a character per byte), kind, mode, time of change, content or target, and what it is a hard link to. */
export function look({ dataDir }: Pick<Disk, "dataDir">): string[] {
  const lines: string[] = [];
  const firstByIno = new Map<number, string>();
  const visit = (path: string): void => {
    const absolute = Buffer.concat([Buffer.from(`${dataDir}/`), Buffer.from(path, "latin1")]);
    const stat = lstatSync(absolute);
    const first = firstByIno.get(stat.ino) ?? path;
    firstByIno.set(stat.ino, first);
    const mode = stat.isSymbolicLink() ? "" : (stat.mode & 0o7777).toString(8);
    const content = stat.isFile()
      ? createHash("sha256").update(readFileSync(absolute)).digest("hex")
      : stat.isSymbolicLink()
        ? readlinkSync(absolute, "latin1")
        : "";
    const isRoot = !path.includes("/");
    if (!isRoot) lines.push([path, mode, stat.mode & 0o170000, stat.mtimeMs, content, first].join(" | "));
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(absolute, { encoding: "latin1" }).sort()) visit(`${path}/${name}`);
  };
  for (const root of ["home", "workspace"]) visit(root);
  return lines;
}

function* inPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}
