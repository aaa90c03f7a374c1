// The part of the runner's HTTP API that is about files in and out of the workspace, as the Durable Object uses it. Everything
// that it receives is parsed, and what rejects is said by runner-client.ts.
import type * as z from "zod";
import type { ArchiveDigest } from "../../container/lib/checkpoint-protocol.ts";
import {
  type ArchiveFormat,
  DiffAnswer,
  FileList,
  ImportAnswer,
  type ImportRequest,
  type ListRequest,
  ReadAnswer,
  type ReadRequest,
  UploadAnswer,
  type UploadQuery,
  WriteAnswer,
  type WriteRequest,
} from "../../container/lib/files-protocol.ts";

/** Sends a request to the runner; resolves to an answer that is 2xx. `timeoutMs` is the time until its headers have come. */
export type RunnerCall = (path: string, init: RequestInit, timeoutMs: number) => Promise<Response>;

/** Goes through some files, or through the names of all. */
const LOOK_TIMEOUT_MS = 60_000;
/** Goes through all that is on disk, or fetches that much. */
const DISK_TIMEOUT_MS = 900_000;
/** 2 GiB over a slow line. */
const UPLOAD_TIMEOUT_MS = 6 * 3_600_000;

export class FilesClient {
  readonly #call: RunnerCall;

  constructor(call: RunnerCall) {
    this.#call = call;
  }

  list(request: ListRequest): Promise<FileList> {
    return this.#post("/files/list", request, FileList, LOOK_TIMEOUT_MS);
  }

  read(request: ReadRequest): Promise<ReadAnswer> {
    return this.#post("/files/read", request, ReadAnswer, LOOK_TIMEOUT_MS);
  }

  write(request: WriteRequest): Promise<WriteAnswer> {
    return this.#post("/files/write", request, WriteAnswer, DISK_TIMEOUT_MS);
  }

  /** Ends with the request: one that takes too long is not left to itself. */
  importRepository(request: ImportRequest): Promise<ImportAnswer> {
    return this.#post("/files/import", request, ImportAnswer, DISK_TIMEOUT_MS);
  }

  /** What differs between the state that `archives` make up, one after the other in `body`, and the workspace. */
  async diff(archives: readonly ArchiveDigest[], body: ReadableStream<Uint8Array>): Promise<DiffAnswer> {
    const query = new URLSearchParams(archives.map(({ sha256, bytes }) => ["archive", `${sha256}:${bytes}`]));
    const answer = await this.#call(`/files/diff?${query}`, { method: "POST", body }, DISK_TIMEOUT_MS);
    return DiffAnswer.parse(await answer.json());
  }

  /** The stream fails where the archive cannot be completed. To cancel it ends the work on it. */
  async openArchive(format: ArchiveFormat): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#call(`/files/archive?format=${format}`, {}, LOOK_TIMEOUT_MS);
    if (body === null) throw new Error("the runner sent no archive");
    return body;
  }

  async putArchive({ format, mode }: UploadQuery, body: ReadableStream<Uint8Array>): Promise<UploadAnswer> {
    const path = `/files/archive?format=${format}&mode=${mode}`;
    const answer = await this.#call(path, { method: "PUT", body }, UPLOAD_TIMEOUT_MS);
    return UploadAnswer.parse(await answer.json());
  }

  async #post<Schema extends z.ZodType>(
    path: string,
    request: object,
    schema: Schema,
    timeoutMs: number,
  ): Promise<z.infer<Schema>> {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(timeoutMs),
    };
    const answer = await this.#call(path, init, timeoutMs);
    return schema.parse(await answer.json());
  }
}
