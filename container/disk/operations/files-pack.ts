// The workspace as an archive, for people. Its top is the workspace itself.
import { constants, createReadStream, open, readlinkSync } from "node:fs";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress, constants as zstd } from "node:zlib";
import * as yazl from "yazl";
import * as z from "zod";
import { ArchiveFormat } from "../../lib/files-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import { type FoundEntry, treeEntries } from "../files/tree-entries.ts";
import { absolutePath } from "../paths.ts";
import { createTar, findGnuTar } from "../tar.ts";

export const FilesPack = {
  name: "files_pack",
  request: z.object({ workspace: z.string(), format: ArchiveFormat }),
  result: z.object({}),
};

const NOT_FOLLOWED = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Throws before the first byte, or leaves the archive without its end. */
export async function filesPack(
  { workspace, format }: z.infer<typeof FilesPack.request>,
  { output }: { output: Writable },
): Promise<Record<string, never>> {
  const entries = [...treeEntries(workspace)];
  if (format === "zip") await packZip(workspace, entries, output);
  else await packTar(workspace, entries, output);
  return {};
}

async function packTar(workspace: string, entries: readonly FoundEntry[], output: Writable): Promise<void> {
  const tar = await findGnuTar();
  if (tar === undefined) {
    throw new HttpFailure(501, { code: "tar_missing", message: "This machine has no GNU tar. Take a zip archive." });
  }
  const { archive, done } = createTar(tar, {
    dataDir: workspace,
    paths: [".", ...entries.map(({ path }) => `./${path}`)],
  });
  const compress = createZstdCompress({ params: { [zstd.ZSTD_c_compressionLevel]: 3 } });
  await Promise.all([pipeline(archive, compress, output, { end: false }), done]);
}

async function packZip(workspace: string, entries: readonly FoundEntry[], output: Writable): Promise<void> {
  const zip = new yazl.ZipFile();
  const failed = new Promise<never>((_, reject) => zip.on("error", reject));
  for (const entry of entries) addToZip(zip, workspace, entry);
  zip.end();
  await Promise.race([pipeline(zip.outputStream, output, { end: false }), failed]);
}

function addToZip(zip: yazl.ZipFile, workspace: string, { path, stat }: FoundEntry): void {
  const name = nameInZip(path);
  const place = absolutePath(workspace, path);
  const options = { mtime: stat.mtime, mode: stat.mode };
  if (stat.isDirectory()) zip.addEmptyDirectory(name, options);
  else if (stat.isSymbolicLink()) zip.addBuffer(readlinkSync(place, { encoding: "buffer" }), name, options);
  else {
    // Without its size, which may change until it is read.
    zip.addReadStreamLazy(name, options, (give) => {
      open(place, NOT_FOLLOWED, (error, fd) => {
        if (error === null) give(null, createReadStream("", { fd }));
        else give(error, undefined as never);
      });
    });
  }
}

function nameInZip(path: string): string {
  const bytes = Buffer.from(path, "latin1");
  const name = bytes.toString();
  if (Buffer.from(name).equals(bytes) && !name.includes("\\")) return name;
  const message = `A zip archive cannot hold the name ${JSON.stringify(name.slice(0, 200))}. Take a tar.zst archive.`;
  throw new HttpFailure(409, { code: "conflict", message });
}
