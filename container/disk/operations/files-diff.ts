// What differs between a checkpoint, which comes as its archives, and the workspace as it is.
import { createHash, type Hash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { Readable, type Writable } from "node:stream";
import * as z from "zod";
import { type DiffAnswer, FILE_LIMITS } from "../../lib/files-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import { compareDirectories } from "../../runner/workspace/compare-directories.ts";
import { discard } from "../files/carry-out.ts";
import { writeJson } from "../files/json-body.ts";
import { ROOTS } from "../paths.ts";
import { findGnuTar, type GnuTar } from "../tar.ts";
import { unpack } from "./unpack.ts";

export const FilesDiff = {
  name: "files_diff",
  request: z.object({
    dataDir: z.string(),
    stage: z.string(),
    /** The base first. */
    archives: z.array(z.object({ sha256: z.string(), bytes: z.number().int().positive() })),
  }),
  result: z.object({}),
};

/** Takes the archives, one after the other, for its body and gives a DiffAnswer. Throws `corrupt`, `tar_missing`. */
export async function filesDiff(
  { dataDir, stage, archives }: z.infer<typeof FilesDiff.request>,
  { input, output }: { input: Readable; output: Writable },
): Promise<Record<string, never>> {
  const directory = `${dataDir}/${stage}`;
  try {
    for (const root of ROOTS) mkdirSync(`${directory}/${root}`, { recursive: true, mode: 0o700 });
    const bodies = new Pieces(input);
    const tar = archives.length === 0 ? undefined : await requireTar();
    for (const archive of archives) {
      if (tar === undefined) break;
      await unpackPiece(bodies, archive, { tar, directory });
    }
    const changes: DiffAnswer = await compareDirectories({
      before: realpathSync(`${directory}/workspace`),
      after: realpathSync(`${dataDir}/workspace`),
      storeDir: `${directory}/contents`,
    });
    await writeJson(output, changes);
    return {};
  } finally {
    discard(dataDir, stage);
  }
}

/** Throws `corrupt` where it is not the archive that it should be. */
async function unpackPiece(
  bodies: Pieces,
  { sha256, bytes }: { sha256: string; bytes: number },
  { tar, directory }: { tar: GnuTar; directory: string },
): Promise<void> {
  const hash = createHash("sha256");
  const piece = Readable.from(bodies.take(bytes, hash), { objectMode: false });
  const request = { directory, tar, max_bytes: FILE_LIMITS.checkpointBytes };
  const [outcome] = await Promise.allSettled([unpack(request, { input: piece })]);
  // What is cut off fails in tar or in zstd, whichever is first.
  const isOther = bodies.hasEnded || (outcome.status === "fulfilled" && hash.digest("hex") !== sha256);
  if (isOther) {
    throw new HttpFailure(422, { code: "corrupt", message: "The archive is not the one that was saved." });
  }
  if (outcome.status === "rejected") throw outcome.reason;
}

async function requireTar(): Promise<GnuTar> {
  const tar = await findGnuTar();
  if (tar !== undefined) return tar;
  throw new HttpFailure(501, { code: "tar_missing", message: "This machine has no GNU tar." });
}

/** A stream in pieces of known lengths. */
class Pieces {
  /** Before a piece was whole. */
  hasEnded = false;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Less where the stream ends before. */
  async *take(bytes: number, hash: Hash): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done) {
          this.hasEnded = true;
          return;
        }
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      hash.update(part);
      yield part;
    }
  }
}
