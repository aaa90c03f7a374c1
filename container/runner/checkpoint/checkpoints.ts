// Checkpoints on this side: makes archives of the disk, and puts a disk back together from them. Who keeps the archives, and
// which of them counts, is the caller's business; here is only remembered what the disk was like at the last ones.
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Stage } from "../../disk/operations/stage.ts";
import { ROOTS } from "../../disk/paths.ts";
import type { ArchiveDigest, CheckpointAnswer, CheckpointRequest } from "../../lib/checkpoint-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import type { Logger } from "../../lib/log.ts";
import type { DiskProcess } from "../disk-process.ts";
import { type Difference, Manifest } from "./manifest.ts";
import { type Packed, packArchive } from "./pack.ts";
import { putInPlace } from "./put-in-place.ts";
import { scanDisk } from "./scan-disk.ts";
import { findGnuTar } from "./tar.ts";
import { unpackArchive } from "./unpack.ts";

export interface CheckpointsOptions {
  dataDir: string;
  /** Of this object alone, on the file system of `dataDir`. */
  directory: string;
  disk: DiskProcess;
  /** A restored disk has no conversations. */
  forgetConversations(): Promise<void>;
  isTurnActive(): boolean;
  /** Commands run as other users, to whom the files belong. */
  isForeign?: boolean;
  log: Logger;
  /** Of all files together. */
  maxBytes?: number;
  findTar?(): Promise<string | undefined>;
}

const FOREIGN = "The files belong to other users than the runner's; it can neither read nor restore all of them.";
const MAX_BYTES = 10 * 1024 ** 3;

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #maxBytes: number;
  #tar: Promise<string | undefined> | undefined;
  #packed: (Packed & { id: string; directory: string }) | undefined;
  #lastCall: Promise<unknown> = Promise.resolve();

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
  }

  /** Ids of the checkpoints whose state this disk continues. */
  async held(): Promise<string[]> {
    return readdir(this.#place("manifests")).catch(() => []);
  }

  /** Throws `tar_missing`, `unsupported`, `too_large`, and `turn_active` where a turn is, or has come, at work. */
  create(request: CheckpointRequest): Promise<CheckpointAnswer> {
    return this.#afterLastCall(async () => {
      const tar = await this.#requireTar();
      this.#requireRest();
      const { manifest, notes, totalBytes } = await scanDisk(this.#options.dataDir);
      if (totalBytes > this.#maxBytes) throw tooLarge(totalBytes, this.#maxBytes);
      const parent = await this.#recall(request.parent);
      const isKnown = parent !== undefined || request.parent === null;
      const difference = manifest.differenceFrom(parent ?? new Manifest());
      const is_changed = !isKnown || difference.changed.length + difference.deleted.length > 0;
      const isWorthIt = is_changed || request.is_forced || (request.is_base && manifest.size > 0);
      if (!isWorthIt) return { status: "unchanged" };
      const isBase = request.is_base || parent === undefined;
      const what: Difference = isBase ? manifest.differenceFrom(new Manifest()) : difference;
      await this.#dropArchive();
      const directory = this.#place(`archive-${randomUUID()}`);
      const pack = { tar, dataDir: this.#options.dataDir, directory, difference: what, manifest, notes };
      try {
        const packed = await packArchive(pack);
        this.#requireRest();
        await this.#remember(request, manifest);
        this.#packed = { ...packed, id: request.id, directory };
        const { bytes, sha256 } = packed;
        return {
          status: "ready",
          parent: isBase ? null : request.parent,
          is_changed,
          bytes,
          sha256,
          notes: notes.list(),
        };
      } catch (error) {
        await rm(directory, { recursive: true, force: true });
        throw error;
      }
    });
  }

  /** Part of the archive that was made last. Throws `gone` for any other. */
  read(id: string, offset: number, length: number): Readable {
    const packed = this.#packed;
    if (packed?.id !== id || offset + length > packed.bytes) {
      throw new HttpFailure(404, { code: "gone", message: "There is no such archive." });
    }
    return createReadStream(packed.path, { start: offset, end: offset + length - 1 });
  }

  /** The archive has arrived, or is not wanted any more. */
  async release(id: string): Promise<void> {
    if (this.#packed?.id === id) await this.#dropArchive();
  }

  /** Begins a restore anew. Nothing of the disk changes before {@link finishRestore}. */
  beginRestore(): Promise<void> {
    return this.#afterLastCall(async () => {
      await this.#requireTar();
      this.#requireRest();
      await this.#options.disk.run(Stage, { directory: this.#place("restore") });
    });
  }

  /** The next archive of the chain, the base first. Throws `BadArchive`; then the restore must begin anew. */
  unpack(source: Readable, expected: ArchiveDigest): Promise<void> {
    return this.#afterLastCall(async () => {
      const tar = await this.#requireTar();
      await unpackArchive(source, expected, { tar, directory: this.#place("restore"), maxBytes: this.#maxBytes });
    });
  }

  /** Replaces all that is on disk, conversations included, by what was unpacked: the state of checkpoint `id`. */
  finishRestore(id: string | null): Promise<void> {
    return this.#afterLastCall(async () => {
      this.#requireRest();
      const { dataDir, forgetConversations } = this.#options;
      // First: a disk that is neither the old nor the new one continues no checkpoint.
      await rm(this.#place("manifests"), { recursive: true, force: true });
      await forgetConversations();
      for (const root of ROOTS) putInPlace(this.#place("restore"), dataDir, root);
      await rm(this.#place("restore"), { recursive: true, force: true });
      const { manifest } = await scanDisk(dataDir);
      if (id !== null) await this.#write(id, manifest);
    });
  }

  async #recall(id: string | null): Promise<Manifest | undefined> {
    if (id === null) return undefined;
    const bytes = await readFile(this.#place("manifests", id)).catch(() => undefined);
    try {
      return bytes && Manifest.parse(bytes);
    } catch (error) {
      this.#options.log.warn("a manifest cannot be read; all is saved anew", { id, error: String(error) });
      return undefined;
    }
  }

  /** The parent is still needed where this archive does not arrive. */
  async #remember({ id, parent }: CheckpointRequest, manifest: Manifest): Promise<void> {
    await this.#write(id, manifest);
    for (const other of await this.held()) {
      if (other !== id && other !== parent) await rm(this.#place("manifests", other), { force: true });
    }
  }

  async #write(id: string, manifest: Manifest): Promise<void> {
    await mkdir(this.#place("manifests"), { recursive: true, mode: 0o700 });
    await writeFile(this.#place("manifests", id), manifest.serialize(), { mode: 0o600 });
  }

  async #dropArchive(): Promise<void> {
    const packed = this.#packed;
    this.#packed = undefined;
    if (packed !== undefined) await rm(packed.directory, { recursive: true, force: true });
  }

  #requireRest(): void {
    if (!this.#options.isTurnActive()) return;
    throw new HttpFailure(409, { code: "turn_active", message: "A turn is at work on this disk." });
  }

  async #requireTar(): Promise<string> {
    if (this.#options.isForeign) throw new HttpFailure(501, { code: "unsupported", message: FOREIGN });
    this.#tar ??= (this.#options.findTar ?? findGnuTar)();
    const tar = await this.#tar;
    if (tar !== undefined) return tar;
    throw new HttpFailure(501, { code: "tar_missing", message: "This machine has no GNU tar." });
  }

  #place(...names: string[]): string {
    return join(this.#options.directory, ...names);
  }

  #afterLastCall<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#lastCall.then(call);
    this.#lastCall = result.catch(() => undefined);
    return result;
  }
}

function tooLarge(bytes: number, maxBytes: number): HttpFailure {
  const message = `The files take ${bytes} bytes; a checkpoint holds ${maxBytes} at most.`;
  return new HttpFailure(413, { code: "too_large", message });
}
