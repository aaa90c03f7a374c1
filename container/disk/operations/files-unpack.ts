// Takes an archive that somebody made apart into a stage, judged entry by entry. Nothing of the workspace changes.
import { createWriteStream, mkdirSync, renameSync } from "node:fs";
import { type Readable, Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import * as z from "zod";
import { ArchiveFormat, FILE_LIMITS, UploadAnswer } from "../../lib/files-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import { discard, failureOf } from "../files/carry-out.ts";
import { ForeignTar } from "../files/foreign-tar.ts";
import { guardTree } from "../files/repository-guard.ts";
import { UploadRules } from "../files/upload-rules.ts";
import { zipToTar } from "../files/zip-to-tar.ts";
import { removePath } from "../remove.ts";
import { extractTar, findGnuTar, type GnuTar, TarFailure } from "../tar.ts";
import { BadArchive, TarFilter } from "../tar-filter.ts";
import { Judge } from "./unpack.ts";

export const FilesUnpack = {
  name: "files_unpack",
  request: z.object({ dataDir: z.string(), stage: z.string(), format: ArchiveFormat }),
  result: UploadAnswer,
};

const NOTHING = "Nothing was written.";

/** Leaves what is to be put in place as `new` in the stage, or nothing where it throws. */
export async function filesUnpack(
  { dataDir, stage, format }: z.infer<typeof FilesUnpack.request>,
  { input }: { input: Readable },
): Promise<UploadAnswer> {
  const tar = await findGnuTar();
  if (tar === undefined) {
    throw new HttpFailure(501, { code: "tar_missing", message: "This machine has no GNU tar." });
  }
  try {
    const directory = `${dataDir}/${stage}/unpacked`;
    mkdirSync(`${directory}/workspace`, { recursive: true, mode: 0o700 });
    if (format === "zip") await unpackZip(input, { tar, directory, stage: `${dataDir}/${stage}` });
    else await unpackTar(input, { tar, directory });
    renameSync(`${directory}/workspace`, `${dataDir}/${stage}/new`);
    return await guardTree(`${dataDir}/${stage}/new`);
  } catch (error) {
    discard(dataDir, stage);
    throw explain(error);
  }
}

async function unpackTar(input: Readable, { tar, directory }: { tar: GnuTar; directory: string }): Promise<void> {
  const meter = new Meter();
  const rules = new UploadRules(() => meter.bytes);
  await extract(tar, directory, (judge, archive) =>
    pipeline(input, meter, createZstdDecompress(), new ForeignTar(rules), judge, archive),
  );
}

/** What is in a zip archive is told at its end. */
async function unpackZip(
  input: Readable,
  { tar, directory, stage }: { tar: GnuTar; directory: string; stage: string },
): Promise<void> {
  const path = `${stage}/archive.zip`;
  const meter = new Meter();
  await pipeline(input, meter, createWriteStream(path, { mode: 0o600 }));
  const rules = new UploadRules(() => meter.bytes);
  await extract(tar, directory, (judge, archive) => pipeline(zipToTar(path, rules), judge, archive));
  removePath(stage, "archive.zip");
}

async function extract(
  tar: GnuTar,
  directory: string,
  send: (judge: TarFilter, archive: NodeJS.WritableStream) => Promise<void>,
): Promise<void> {
  const { archive, done } = extractTar(tar, directory);
  const judge = new TarFilter(new Judge({ directory, max_bytes: FILE_LIMITS.treeBytes }));
  const [sent, written] = await Promise.allSettled([send(judge, archive), done]);
  if (sent.status === "rejected" && !isBrokenPipe(sent.reason)) throw sent.reason;
  if (written.status === "rejected") throw written.reason;
  if (sent.status === "rejected") throw sent.reason;
}

/** tar has ended, and says why by itself. */
function isBrokenPipe(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes(String(error.code))
  );
}

function explain(error: unknown): unknown {
  if (error instanceof BadArchive) return refused(error.message);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("ZSTD_") || code === "Z_BUF_ERROR") {
    return refused("The archive is not compressed by zstd, or is cut off.");
  }
  if (error instanceof TarFailure && error.message.includes("No space left on device")) {
    return new HttpFailure(507, { code: "disk_full", message: `The agent's disk is full. ${NOTHING}` });
  }
  return failureOf(error);
}

function refused(why: string): HttpFailure {
  return new HttpFailure(422, { code: "archive_refused", message: `${why} ${NOTHING}` });
}

class Meter extends Transform {
  bytes = 0;

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes <= FILE_LIMITS.archiveBytes) {
      done(null, chunk);
      return;
    }
    const message = `The archive has more than ${FILE_LIMITS.archiveBytes} bytes. ${NOTHING}`;
    done(new HttpFailure(413, { code: "too_large", message }));
  }
}
