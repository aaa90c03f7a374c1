// Reads a zip archive from a file and tells it anew as a tar archive, so that both are judged and taken apart by the same code.
import { isAscii, isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as yauzl from "yauzl";
import { BadArchive } from "../tar-filter.ts";
import { END, headerOf, type NewEntry, padding } from "./tar-entry.ts";
import { refused, type UploadRules } from "./upload-rules.ts";

/** No kind at all: a file, or by its name a directory. */
const NO_KIND = 0;
const KINDS = new Map<number, NewEntry["type"]>([
  [NO_KIND, "file"],
  [constants.S_IFREG, "file"],
  [constants.S_IFDIR, "directory"],
  [constants.S_IFLNK, "symlink"],
]);
/** The upper byte of "version made by": only there the upper half of the attributes is a mode. */
const UNIX = new Set([3, 19]);
const MAX_TARGET_BYTES = 4_096;

/** Throws {@link BadArchive}. */
export async function* zipToTar(path: string, rules: UploadRules): AsyncGenerator<Buffer> {
  const zip = await open(path);
  try {
    for await (const entry of zip.eachEntry()) yield* tell(zip, entry, rules);
  } catch (error) {
    if (error instanceof BadArchive) throw error;
    throw unreadable(error);
  } finally {
    zip.close();
  }
  yield END;
}

async function open(path: string): Promise<yauzl.ZipFile> {
  try {
    return await yauzl.openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: false });
  } catch (error) {
    throw unreadable(error);
  }
}

async function* tell(zip: yauzl.ZipFile, entry: yauzl.Entry, rules: UploadRules): AsyncGenerator<Buffer> {
  const name = nameOf(entry);
  if (entry.isEncrypted()) throw refused(name, "is encrypted");
  const mode = modeOf(entry);
  const type = name.endsWith("/") ? "directory" : KINDS.get(mode & constants.S_IFMT);
  if (type === undefined) throw refused(name, "is a device, a pipe or a socket");
  const target = type === "symlink" ? await targetOf(zip, entry, name) : "";
  const size = type === "file" ? entry.uncompressedSize : 0;
  const permissions = mode & 0o777 || (type === "directory" ? 0o755 : 0o644);
  const mtime = Math.trunc(entry.getLastModDate().getTime() / 1_000);
  const accepted = rules.accept({ type, path: name, target, size, mode: permissions, mtime });
  if (accepted === undefined) return;
  yield headerOf(accepted);
  // yauzl fails where the content is not as long as the entry says.
  if (type === "file") yield* (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>;
  yield padding(size);
}

/** By the specification a name without a mark is in DOS's code page 437. Info-ZIP on Unix writes the bytes of the disk, without one. */
function nameOf({ fileName, fileNameRaw, versionMadeBy }: yauzl.Entry): string {
  const isOfDisk = UNIX.has(versionMadeBy >>> 8) && !isAscii(fileNameRaw) && isUtf8(fileNameRaw);
  return (isOfDisk ? fileNameRaw : Buffer.from(fileName)).toString("latin1");
}

function modeOf({ versionMadeBy, externalFileAttributes }: yauzl.Entry): number {
  return UNIX.has(versionMadeBy >>> 8) ? externalFileAttributes >>> 16 : 0;
}

async function targetOf(zip: yauzl.ZipFile, entry: yauzl.Entry, name: string): Promise<string> {
  if (entry.uncompressedSize > MAX_TARGET_BYTES) throw refused(name, "is a link with too long a target");
  const stream: Readable = await zip.openReadStreamPromise(entry);
  return (await buffer(stream)).toString("latin1");
}

/** The library's message may quote names: they are data, and are cut. */
function unreadable(cause: unknown): BadArchive {
  const reason = cause instanceof Error ? cause.message.slice(0, 200) : "unknown";
  return new BadArchive(`The zip archive cannot be read: ${JSON.stringify(reason)}.`, { cause });
}
