// What it costs to keep an agent's files: a checkpoint of one changed file against a full archive by plain tar and zstd, and, with the
// same files, the way back from a lost disk.
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { createLogger } from "../../container/lib/log.ts";
import { Checkpoints } from "../../container/runner/checkpoint/checkpoints.ts";
import { DiskProcess } from "../../container/runner/disk-process.ts";
import { makeScratchDir } from "../support/app-server-driver.ts";
import type { Bench } from "./bench.ts";
import { comparison, type Row } from "./report.ts";
import { benchRestore } from "./restore.ts";
import { timed } from "./statistics.ts";
import { archive, WORKSPACE, writeTree } from "./tree.ts";

/** What the dev server's runners start. */
const DISK_PROGRAM = join(import.meta.dirname, "../../container/dist/disk.cjs");
/** A round takes seconds. */
const MAX_ROUNDS = 8;
const TIME = { atMost: 0.15, isShare: true };
const BYTES = { atMost: 0.02, isShare: true };

export async function benchCheckpoints(bench: Bench): Promise<Row[]> {
  const scratch = makeScratchDir("bench-checkpoints-");
  const rounds = Math.min(bench.rounds, MAX_ROUNDS);
  try {
    const full = join(scratch, "full.tar.zst");
    const rows = await benchDelta(scratch, full, rounds);
    const restored = await benchRestore(bench, { scratch, full, rounds: Math.max(2, rounds >> 1) });
    bench.remark(`Checkpoints: ${WORKSPACE}, ${rounds} rounds; half of them for what comes back.`);
    return [...rows, restored];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function benchDelta(scratch: string, full: string, rounds: number): Promise<Row[]> {
  mkdirSync(join(scratch, "home"));
  writeTree(join(scratch, "workspace"));
  const save = saver(scratch);
  await save(0);
  const bytes: number[] = [];
  const ms = { delta: [] as number[], full: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    writeFileSync(join(scratch, "workspace/d0/changed.ts"), `changed in round ${round}`);
    ms.delta.push(await timed(async () => bytes.push(await save(round))));
    ms.full.push(await timed(() => archive(scratch, "workspace", full)));
  }
  const tar = "tar and zstd of all";
  return [
    comparison("checkpoint of one changed file, bytes", bytes, tar, [statSync(full).size], BYTES),
    comparison("checkpoint of one changed file, ms", ms.delta, tar, ms.full, TIME),
  ];
}

/** Makes a checkpoint, and reads its archive as the Worker does. Resolves to its bytes. */
function saver(dataDir: string): (number: number) => Promise<number> {
  const log = createLogger(() => {}, "ERROR");
  const checkpoints = new Checkpoints({
    disk: new DiskProcess({ log, program: DISK_PROGRAM }),
    dataDir,
    directory: join(dataDir, "checkpoints"),
    scratch: join(dataDir, "scratch"),
    staging: join(dataDir, "staging"),
    forgetConversations: async () => {},
    isTurnActive: () => false,
  });
  return async (number) => {
    const [id, parent] = [`ckpt_${number + 1}`, number === 0 ? null : `ckpt_${number}`];
    const answer = await checkpoints.create({ id, parent, is_base: false, is_forced: false });
    if (answer.status === "unchanged") throw new Error("the change was not seen");
    return (await buffer(checkpoints.read(id, 0, answer.bytes))).length;
  };
}
