// Looks at the disk, compares it with what it was at a checkpoint before, and packs what has changed, or all of it.
import * as z from "zod";
import { HttpFailure } from "../../lib/http.ts";
import { writeAll, writeChunk } from "../chunks.ts";
import { Manifest } from "../manifest.ts";
import type { Bodies } from "../operation.ts";
import { packArchive } from "../pack.ts";
import { scanDisk } from "../scan-disk.ts";
import { GnuTar } from "../tar.ts";

/**
 * `parent`: `in_body` where the body that goes in is the manifest of the checkpoint before; `none` for the first one;
 * `unknown` where there is one and no manifest of it.
 */
export const Save = {
  name: "save",
  request: z.object({
    data_dir: z.string(),
    tar: GnuTar,
    parent: z.enum(["in_body", "none", "unknown"]),
    is_base: z.boolean(),
    is_forced: z.boolean(),
    /** Of all files together. */
    max_bytes: z.number(),
  }),
  /** With `ready`, the archive and then the manifest come out, as chunks.ts has it. */
  result: z.discriminatedUnion("status", [
    z.object({ status: z.literal("unchanged") }),
    z.object({
      status: z.literal("ready"),
      /** Whether it needs no other archive. */
      is_base: z.boolean(),
      is_changed: z.boolean(),
      notes: z.array(z.string()),
    }),
  ]),
};
type Request = z.infer<typeof Save.request>;

/** Throws `too_large`. */
export async function save(request: Request, { input, output }: Bodies): Promise<z.infer<typeof Save.result>> {
  const parent = await readParent(request, input);
  const { manifest, notes, totalBytes } = scanDisk(request.data_dir);
  if (totalBytes > request.max_bytes) throw tooLarge(totalBytes, request.max_bytes);
  const difference = manifest.differenceFrom(parent ?? new Manifest());
  const is_changed = parent === undefined || difference.changed.length + difference.deleted.length > 0;
  const isWorthIt = is_changed || request.is_forced || (request.is_base && manifest.size > 0);
  if (!isWorthIt) return { status: "unchanged" };
  const is_base = request.is_base || request.parent === "none" || parent === undefined;
  const what = is_base ? manifest.all() : difference;
  const archive = packArchive({
    tar: request.tar,
    dataDir: request.data_dir,
    difference: what,
    manifest,
    notes,
  });
  for await (const chunk of archive) await writeChunk(output, chunk);
  await writeChunk(output, Buffer.alloc(0));
  for (const part of manifest.serialize()) await writeAll(output, part);
  return { status: "ready", is_base, is_changed, notes: notes.list() };
}

/** Undefined where it is not known. */
async function readParent({ parent }: Request, input: Bodies["input"]): Promise<Manifest | undefined> {
  if (parent === "none") return new Manifest();
  if (parent === "unknown") return undefined;
  const pieces: Buffer[] = [];
  for await (const piece of input) pieces.push(piece);
  try {
    return Manifest.parse(Buffer.concat(pieces));
  } catch (error) {
    process.stderr.write(`the manifest cannot be read; all is saved anew: ${String(error)}\n`);
    return undefined;
  }
}

function tooLarge(bytes: number, maxBytes: number): HttpFailure {
  const message = `The files take ${bytes} bytes; a checkpoint holds ${maxBytes} at most.`;
  return new HttpFailure(413, { code: "too_large", message });
}
