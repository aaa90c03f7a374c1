// Checkpoints on this side: has the disk process make archives of the disk, and put a disk back together from them. Who keeps
// the archives, and which of them counts, is the caller's business; here is only remembered what the disk was like at the last
// ones. Nothing of that is where commands could write.
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Place } from "../../disk/operations/place.ts";
import { Save } from "../../disk/operations/save.ts";
import { Stage } from "../../disk/operations/stage.ts";
import { Unpack } from "../../disk/operations/unpack.ts";
import { findGnuTar, type GnuTar } from "../../disk/tar.ts";
import type { ArchiveDigest, CheckpointAnswer, CheckpointRequest } from "../../lib/checkpoint-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import type { DiskProcess } from "../disk-process.ts";
import { ArchiveFile } from "./archive-file.ts";
import { Manifests } from "./manifests.ts";

export interface CheckpointsOptions {
  dataDir: string;
  /** Of this object alone, on the file system of `dataDir`: what the disk was like. */
  directory: string;
  /** Of this object alone as well; may be lost at a start. */
  scratch: string;
  /** On the file system of `dataDir`, and the agent's own, in a directory that is not. */
  staging: string;
  disk: DiskProcess;
  /** A restored disk has no conversations. */
  forgetConversations(): Promise<void>;
  isTurnActive(): boolean;
  /** Of all files together. */
  maxBytes?: number;
  findTar?(): Promise<GnuTar | undefined>;
}

const MAX_BYTES = 10 * 1024 ** 3;
const MAX_MANIFEST_BYTES = 512 * 1024 ** 2;

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #maxBytes: number;
  readonly #manifests: Manifests;
  #tar: Promise<GnuTar | undefined> | undefined;
  #packed: { id: string; path: string; directory: string; bytes: number } | undefined;
  #lastCall: Promise<unknown> = Promise.resolve();

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#manifests = new Manifests(join(options.directory, "manifests"));
  }

  /** Ids of the checkpoints whose state this disk continues. */
  held(): Promise<string[]> {
    return this.#manifests.held();
  }

  /** Throws `tar_missing`, `too_large`, and `turn_active` where a turn is, or has come, at work. */
  create(request: CheckpointRequest): Promise<CheckpointAnswer> {
    return this.#afterLastCall(async () => {
      const tar = await this.#requireTar();
      this.#requireRest();
      const directory = join(this.#options.scratch, `archive-${randomUUID()}`);
      try {
        const answer = await this.#pack(tar, request, directory);
        if (answer.status === "unchanged") await rm(directory, { recursive: true, force: true });
        return answer;
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
      await this.#options.disk.run(Stage, { directory: this.#options.staging });
    });
  }

  /** The next archive of the chain, the base first. Throws `corrupt`; then the restore must begin anew. */
  unpack(source: Readable, expected: ArchiveDigest): Promise<void> {
    return this.#afterLastCall(async () => {
      const tar = await this.#requireTar();
      const { staging, disk } = this.#options;
      const measured = new Measured(source);
      const request = { tar, directory: staging, max_bytes: this.#maxBytes };
      const [outcome] = await Promise.allSettled([disk.run(Unpack, request, { input: Readable.from(measured) })]);
      if (measured.isWhole && !measured.is(expected)) {
        throw new HttpFailure(422, { code: "corrupt", message: "The archive is not the one that was saved." });
      }
      if (outcome.status === "rejected") throw outcome.reason;
    });
  }

  /** Replaces all that is on disk, conversations included, by what was unpacked: the state of checkpoint `id`. */
  finishRestore(id: string | null): Promise<void> {
    return this.#afterLastCall(async () => {
      this.#requireRest();
      const { dataDir, staging, scratch, disk, forgetConversations } = this.#options;
      // First: a disk that is neither the old nor the new one continues no checkpoint.
      await this.#manifests.forgetAll();
      await forgetConversations();
      await mkdir(scratch, { recursive: true, mode: 0o700 });
      const path = join(scratch, `manifest-${randomUUID()}`);
      const output = createWriteStream(path, { mode: 0o600 });
      await disk.run(Place, { from: staging, data_dir: dataDir }, { output, maxOutputBytes: MAX_MANIFEST_BYTES });
      if (id === null) await rm(path);
      else await this.#manifests.take(id, path);
    });
  }

  async #pack(tar: GnuTar, request: CheckpointRequest, directory: string): Promise<CheckpointAnswer> {
    const { dataDir, disk } = this.#options;
    const manifest = request.parent === null ? undefined : await this.#manifests.open(request.parent);
    const output = await ArchiveFile.create(directory);
    const parent = manifest !== undefined ? "in_body" : request.parent === null ? "none" : "unknown";
    const { is_base, is_forced } = request;
    const save = { data_dir: dataDir, tar, parent, is_base, is_forced, max_bytes: this.#maxBytes } as const;
    const answer = await disk.run(Save, save, { output, ...(manifest && { input: manifest }) });
    if (answer.status === "unchanged") return answer;
    this.#requireRest();
    if (!output.isWhole) throw new Error("the disk process put out no whole archive");
    await this.#manifests.take(request.id, output.manifestPath);
    // The parent is still needed where this archive does not arrive.
    await this.#manifests.keepOnly([request.id, request.parent]);
    await this.#dropArchive();
    const { bytes, archivePath } = output;
    this.#packed = { id: request.id, path: archivePath, directory, bytes };
    const { is_changed, notes } = answer;
    const isBase = answer.is_base;
    return {
      status: "ready",
      parent: isBase ? null : request.parent,
      is_changed,
      bytes,
      sha256: output.digest(),
      notes,
    };
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

  async #requireTar(): Promise<GnuTar> {
    this.#tar ??= (this.#options.findTar ?? findGnuTar)();
    const tar = await this.#tar;
    if (tar !== undefined) return tar;
    throw new HttpFailure(501, { code: "tar_missing", message: "This machine has no GNU tar." });
  }

  #afterLastCall<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#lastCall.then(call);
    this.#lastCall = result.catch(() => undefined);
    return result;
  }
}

/** What passes by, with its length and hash. */
class Measured {
  isWhole = false;
  readonly #source: Readable;
  readonly #hash = createHash("sha256");
  #bytes = 0;

  constructor(source: Readable) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const chunk of this.#source as AsyncIterable<Buffer>) {
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
      yield chunk;
    }
    this.isWhole = true;
  }

  /** To be asked once, at the end. */
  is({ sha256, bytes }: ArchiveDigest): boolean {
    return this.#bytes === bytes && this.#hash.digest("hex") === sha256;
  }
}
