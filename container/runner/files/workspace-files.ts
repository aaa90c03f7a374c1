// Files in and out of the workspace. The disk process does all of it (../../disk); here is who may when: what writes waits for
// no turn and lets none begin in the middle of it, one after the other, and what a process that died has left is finished first.
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";
import type * as z from "zod";
import type { Operation } from "../../disk/operation.ts";
import { FilesDiff } from "../../disk/operations/files-diff.ts";
import { FilesImport } from "../../disk/operations/files-import.ts";
import { FilesList } from "../../disk/operations/files-list.ts";
import { FilesPack } from "../../disk/operations/files-pack.ts";
import { FilesDiscard, FilesFinish, FilesPut } from "../../disk/operations/files-put.ts";
import { FilesRead } from "../../disk/operations/files-read.ts";
import { FilesUnpack } from "../../disk/operations/files-unpack.ts";
import { FilesStage, FilesWrite } from "../../disk/operations/files-write.ts";
import type {
  DiffQuery,
  DownloadQuery,
  ImportAnswer,
  ListRequest,
  ReadRequest,
  UploadAnswer,
  UploadQuery,
} from "../../lib/files-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import type { Logger } from "../../lib/log.ts";
import type { DiskProcess } from "../disk-process.ts";

export interface WorkspaceFilesOptions {
  dataDir: string;
  disk: DiskProcess;
  isTurnActive(): boolean;
  /** See FilesImport. `authorities`: PEM, undefined for those that everybody trusts. */
  imports: { allowed: string[]; looksUp: boolean; authorities(): string | undefined };
  log: Logger;
}

/** How a request's body gets in, and an answer's out. `signal`: nobody waits any more. */
export interface Exchange {
  input?: IncomingMessage | undefined;
  output?: Writable | undefined;
  signal?: AbortSignal | undefined;
}

/** Below the data directory; the disk process's own. */
export const STAGES = "incoming";
const IMPORT_TIMEOUT_MS = 600_000;

export class WorkspaceFiles {
  readonly #options: WorkspaceFilesOptions;
  #isWriting = false;
  #isChanging = false;
  /** Resolves when the workspace is not being changed; never rejects. */
  #settled: Promise<void> = Promise.resolve();
  #mustFinish = true;
  #finishing: Promise<void> | undefined;

  constructor(options: WorkspaceFilesOptions) {
    this.#options = options;
  }

  /** Whether files are being moved to their places. */
  get isChanging(): boolean {
    return this.#isChanging;
  }

  /** Resolves when what is half in place is in place: nothing may begin to work in the workspace before. Never rejects. */
  async untilSettled(): Promise<void> {
    await this.#settled;
    // Whoever writes has finished it before; its own stage is not to be taken for a leftover.
    if (!this.#mustFinish || this.#isWriting) return;
    await this.#finish().catch((reason: unknown) => this.#logUnfinished(reason));
  }

  async list(list: ListRequest, { output, signal }: Exchange): Promise<void> {
    await this.untilSettled();
    await this.#run(FilesList, { workspace: this.#workspace, list }, { output, signal });
  }

  async read(read: ReadRequest, { output, signal }: Exchange): Promise<void> {
    await this.untilSettled();
    await this.#run(FilesRead, { workspace: this.#workspace, read }, { output, signal });
  }

  async pack({ format }: DownloadQuery, { output, signal }: Exchange): Promise<void> {
    await this.untilSettled();
    await this.#run(FilesPack, { workspace: this.#workspace, format }, { output, signal });
  }

  async diff({ archive }: DiffQuery, exchange: Exchange): Promise<void> {
    await this.untilSettled();
    const { dataDir } = this.#options;
    const stage = newStage();
    try {
      await this.#run(FilesDiff, { dataDir, stage, archives: archive }, exchange);
    } finally {
      await this.#discard(stage);
    }
  }

  /** The bodies are a WriteRequest and a WriteAnswer. */
  write({ input, output, signal }: Exchange): Promise<void> {
    const { dataDir } = this.#options;
    return this.#throughStage(async (stage) => {
      await this.#run(FilesStage, { dataDir, stage }, { input, signal });
      await this.#change(FilesWrite, { dataDir, stage }, output);
    });
  }

  /** The body is an ImportRequest. */
  import({ input, signal }: Exchange): Promise<ImportAnswer> {
    const { dataDir, imports } = this.#options;
    return this.#throughStage(async (stage) => {
      const { allowed, looksUp } = imports;
      const request = { dataDir, stage, allowed, looksUp, ca: imports.authorities(), timeoutMs: IMPORT_TIMEOUT_MS };
      const { answer, at, replace } = await this.#run(FilesImport, request, { input, signal });
      await this.#change(FilesPut, { dataDir, stage, at, replace });
      return answer;
    });
  }

  /** The body is the archive. */
  unpack({ format, mode }: UploadQuery, { input, signal }: Exchange): Promise<UploadAnswer> {
    const { dataDir } = this.#options;
    return this.#throughStage(async (stage) => {
      const answer = await this.#run(FilesUnpack, { dataDir, stage, format }, { input, signal });
      await this.#change(FilesPut, { dataDir, stage, ...(mode === "replace" ? { at: "", replace: true } : {}) });
      return answer;
    });
  }

  /** What is left of the stage when it fails goes away. */
  #throughStage<T>(work: (stage: string) => Promise<T>): Promise<T> {
    return this.#exclusively(async () => {
      const stage = newStage();
      try {
        return await work(stage);
      } catch (error) {
        await this.#discard(stage);
        throw error;
      }
    });
  }

  /** One at a time, and none that cannot be put in place afterwards. */
  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#requireRest();
    if (this.#isWriting) {
      throw new HttpFailure(409, {
        code: "disk_busy",
        message: "Other files are on their way in. Try again after that.",
      });
    }
    this.#isWriting = true;
    try {
      await this.#finish();
      return await work();
    } finally {
      this.#isWriting = false;
    }
  }

  /** No turn begins before it is done. It is not given up when nobody waits for it any more. */
  async #change<Request extends z.ZodType>(
    operation: Operation<Request>,
    request: z.input<Request>,
    output?: Writable,
  ): Promise<void> {
    this.#requireRest();
    const change = this.#run(operation, request, { output }).catch(async (error: unknown) => {
      // A refusal has changed nothing. What a process that died has done, nobody knows.
      if (!(error instanceof HttpFailure)) {
        this.#mustFinish = true;
        await this.#finish().catch((reason: unknown) => this.#logUnfinished(reason));
      }
      throw error;
    });
    this.#isChanging = true;
    const end = (): void => {
      this.#isChanging = false;
    };
    this.#settled = change.then(end, end);
    await change;
  }

  #logUnfinished(reason: unknown): void {
    this.#options.log.error("files that were on their way cannot be put in place", { error: String(reason) });
  }

  #finish(): Promise<void> {
    this.#finishing ??= this.#finishLeftovers().finally(() => {
      this.#finishing = undefined;
    });
    return this.#finishing;
  }

  async #finishLeftovers(): Promise<void> {
    if (!this.#mustFinish) return;
    const { dataDir, disk } = this.#options;
    const stages = `${dataDir}/${STAGES}`;
    const isLeft = existsSync(stages) && readdirSync(stages).length > 0;
    if (isLeft) await disk.run(FilesFinish, { dataDir, stages: STAGES });
    this.#mustFinish = false;
  }

  async #discard(stage: string): Promise<void> {
    const { dataDir, disk, log } = this.#options;
    if (!existsSync(`${dataDir}/${stage}`)) return;
    await disk.run(FilesDiscard, { dataDir, stage }).catch((error: unknown) => {
      this.#mustFinish = true;
      log.warn("staged files stay for now", { error: String(error) });
    });
  }

  #requireRest(): void {
    if (!this.#options.isTurnActive()) return;
    throw new HttpFailure(409, { code: "turn_active", message: "A turn is at work on these files." });
  }

  #run<Request extends z.ZodType, Result extends z.ZodType>(
    operation: Operation<Request, Result>,
    request: z.input<Request>,
    { input, output, signal }: Exchange,
  ): Promise<z.infer<Result>> {
    return this.#options.disk.run(operation, request, {
      ...(input === undefined ? {} : { input }),
      ...(output === undefined ? {} : { output }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  get #workspace(): string {
    return `${this.#options.dataDir}/workspace`;
  }
}

function newStage(): string {
  return `${STAGES}/${randomUUID()}`;
}
