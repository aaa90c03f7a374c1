// An archive of what changed, and what it does not hold.
import { pipeline, type Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { constants, createZstdCompress } from "node:zlib";
import type { Notes } from "../lib/notes.ts";
import type { Difference, Manifest } from "./manifest.ts";
import { shownPath, statOf } from "./scan-disk.ts";
import { createTar, type GnuTar } from "./tar.ts";
import { type TarEntry, TarFilter } from "./tar-filter.ts";
import { fileEntry } from "./tar-header.ts";

export interface PackOptions {
  tar: GnuTar;
  dataDir: string;
  difference: Difference;
  /** The look at the disk that `difference` comes from. What turns out not to be as it says is doubted in it. */
  manifest: Manifest;
  notes: Notes;
}

/** First entry of every archive: paths to be removed before the others are put in place, each followed by NUL. */
export const DELETED = "deleted";

/** File systems stamp changes with a clock that stands still for up to 10 ms (HZ=100). */
const CLOCK_STEP_MS = 12;
/** Fast; a higher level makes source code a tenth smaller and takes twice as long. */
const LEVEL = 1;

/** Throws where tar fails. `manifest` and `notes` are complete when it has ended. */
export async function* packArchive(options: PackOptions): AsyncGenerator<Buffer> {
  const { tar, dataDir, difference, manifest } = options;
  await clockHasMoved(manifest, difference.changed);
  const { archive, done } = createTar(tar, { dataDir, paths: difference.changed.map((row) => manifest.pathOf(row)) });
  done.catch(() => {});
  const packed = new Set<string>();
  const note = (entry: TarEntry): "pass" => {
    packed.add(entry.path);
    return "pass";
  };
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  const deleted = Buffer.from(difference.deleted.map((path) => `${path}\0`).join(""), "latin1");
  const filter = new TarFilter({ entry: note, taken: () => {} });
  // An error also breaks the stream that is read here.
  const whole = pipeline(withFirst(fileEntry(DELETED, deleted), archive), filter, zstd, () => {});
  try {
    yield* whole;
  } finally {
    // Where both have failed, tar knows why.
    await done;
  }
  doubtWhatMoved(options, packed);
}

async function* withFirst(first: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/**
 * A file that is changed twice within one step of the clock looks the same after both. Read after that step, an unchanged
 * look proves an unchanged content.
 */
async function clockHasMoved(manifest: Manifest, rows: readonly number[]): Promise<void> {
  const now = Date.now();
  const newest = rows.reduce((latest, row) => Math.max(latest, Math.min(now, manifest.ctimeOf(row))), 0);
  const waitMs = newest + CLOCK_STEP_MS - now;
  if (waitMs > 0) await setTimeout(waitMs);
}

function doubtWhatMoved({ dataDir, difference, manifest, notes }: PackOptions, packed: ReadonlySet<string>): void {
  for (const row of difference.changed) {
    const path = manifest.pathOf(row);
    const stat = statOf(dataDir, path);
    if (stat !== undefined && packed.has(path) && manifest.matches(row, stat)) continue;
    manifest.doubt(row);
    if (stat === undefined || stat.isDirectory()) continue;
    const remark = packed.has(path) ? "changed while it was saved" : "cannot be read and is not saved";
    notes.add(shownPath(path), remark);
  }
}
