// Writes an archive of what changed to a file, with its length and hash, and finds out what it does not hold.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { constants, createZstdCompress } from "node:zlib";
import type { Notes } from "../workspace/notes.ts";
import { createTimeSlice } from "../workspace/time-slice.ts";
import type { Difference, Manifest } from "./manifest.ts";
import { shownPath, statOf } from "./scan-disk.ts";
import { createTar } from "./tar.ts";
import { TarFilter } from "./tar-filter.ts";

export interface PackOptions {
  tar: string;
  dataDir: string;
  /** Of this archive alone; made if it is missing. */
  directory: string;
  difference: Difference;
  /** The look at the disk that `difference` comes from. What turns out not to be as it says is doubted in it. */
  manifest: Manifest;
  notes: Notes;
}

export interface Packed {
  path: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

/** First entry of every archive: paths to be removed before the others are put in place, each followed by NUL. */
export const DELETED = "deleted";

/** File systems stamp changes with a clock that stands still for up to 10 ms (HZ=100). */
const CLOCK_STEP_MS = 12;
/** Fast; a higher level makes source code a tenth smaller and takes twice as long. */
const LEVEL = 1;

/** Rejects where the file cannot be written or tar fails. */
export async function packArchive(options: PackOptions): Promise<Packed> {
  const { tar, dataDir, directory, difference, manifest } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const deleted = Buffer.from(difference.deleted.map((path) => `${path}\0`).join(""), "latin1");
  await writeFile(join(directory, DELETED), deleted, { mode: 0o600 });
  await clockHasMoved(manifest, difference.changed);
  const path = join(directory, "archive.tar.zst");
  const { archive, done } = createTar(tar, { firstDir: directory, first: DELETED, dataDir, paths: difference.changed });
  const packed = new Set<string>();
  const names = new TarFilter({
    entry: (entry) => {
      packed.add(entry.path);
      return "pass";
    },
    taken: () => {},
  });
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  const meter = new Meter();
  await Promise.all([pipeline(archive, names, zstd, meter, createWriteStream(path, { mode: 0o600 })), done]);
  await doubtWhatMoved(options, packed);
  return { path, bytes: meter.bytes, sha256: meter.digest() };
}

/**
 * A file that is changed twice within one step of the clock looks the same after both. Read after that step, an unchanged
 * look proves an unchanged content.
 */
async function clockHasMoved(manifest: Manifest, paths: readonly string[]): Promise<void> {
  const now = Date.now();
  const newest = paths.reduce((latest, path) => Math.max(latest, Math.min(now, manifest.ctimeOf(path))), 0);
  const waitMs = newest + CLOCK_STEP_MS - now;
  if (waitMs > 0) await setTimeout(waitMs);
}

async function doubtWhatMoved(options: PackOptions, packed: ReadonlySet<string>): Promise<void> {
  const { dataDir, difference, manifest, notes } = options;
  const pause = createTimeSlice();
  for (const path of difference.changed) {
    const due = pause();
    if (due !== undefined) await due;
    const stat = statOf(dataDir, path);
    if (stat !== undefined && packed.has(path) && manifest.matches(path, stat)) continue;
    manifest.doubt(path);
    if (stat === undefined || stat.isDirectory()) continue;
    const remark = packed.has(path) ? "changed while it was saved" : "cannot be read and is not saved";
    notes.add(shownPath(path), remark);
  }
}

class Meter extends Transform {
  bytes = 0;
  readonly #hash = createHash("sha256");

  override _transform(chunk: Buffer, _: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}
