// An agent's workspace as its callers use it over RPC: files in and out, one by one and as a whole.
import { RpcTarget } from "cloudflare:workers";
import type {
  ArchiveFormat,
  DiffAnswer,
  FileList,
  ImportAnswer,
  ImportRequest,
  ListRequest,
  ReadAnswer,
  ReadRequest,
  UploadAnswer,
  UploadQuery,
  WriteAnswer,
  WriteRequest,
} from "../../../container/lib/files-protocol.ts";
import type { Logger } from "../../../container/lib/log.ts";
import { type Outcome, outcomeOf } from "../../errors.ts";
import type { ArchiveBucket } from "../checkpoints/archive-bucket.ts";
import type { Identity } from "../store/conversations.ts";
import type { AgentStore } from "../store/store.ts";
import { archivesOf, diffBase } from "./diff-base.ts";
import type { Change, Changed, DiskAccess, Looked } from "./disk-access.ts";
import { holdStream } from "./held-stream.ts";

export interface WorkspaceOptions {
  disk: DiskAccess;
  store: AgentStore;
  bucket: ArchiveBucket | undefined;
  log: Logger;
  /** The container counts as used now. */
  renewActivity(): void;
  /** Lets the container reach that host for as long as the work takes. */
  withHost<T>(host: string, work: () => Promise<T>): Promise<T>;
  /** Keeps the object awake until then. */
  keepAlive(work: Promise<unknown>): void;
}

/** A turn that comes meanwhile waits, so nobody keeps it waiting who takes nothing. */
const DOWNLOAD_IDLE_MS = 30_000;
const UPLOAD_IDLE_MS = 60_000;
const WRITE: Change = { reason: "write", replaces: false, isImport: false };

export class Workspace extends RpcTarget {
  readonly #options: WorkspaceOptions;

  constructor(options: WorkspaceOptions) {
    super();
    this.#options = options;
  }

  list(request: ListRequest): Promise<Outcome<Looked<FileList>>> {
    return outcomeOf(() => this.#options.disk.look((files) => files.list(request)));
  }

  read(request: ReadRequest): Promise<Outcome<Looked<ReadAnswer>>> {
    return outcomeOf(() => this.#options.disk.look((files) => files.read(request)));
  }

  /** `since` is the id of a turn or a checkpoint; null for the last import, or the beginning where there was none. */
  diff(since: string | null): Promise<Outcome<Looked<DiffAnswer & { since: string }>>> {
    const { disk, store, bucket, log } = this.#options;
    return outcomeOf(() =>
      disk.look(async (files) => {
        const { name, chain } = diffBase(since, store);
        const archives = archivesOf(chain, bucket, log);
        const answer = await files.diff(chain, archives.stream).catch((error: unknown) => {
          throw archives.failure() ?? error;
        });
        return { ...answer, since: name };
      }),
    );
  }

  write(caller: Identity, request: WriteRequest): Promise<Outcome<Changed<WriteAnswer>>> {
    return this.#change(() => this.#options.disk.changeFiles(caller, WRITE, (files) => files.write(request)));
  }

  importRepository(caller: Identity, request: ImportRequest): Promise<Outcome<Changed<ImportAnswer>>> {
    const change: Change = { reason: "import", replaces: request.replace, isImport: true };
    const { disk, withHost } = this.#options;
    return this.#change(() =>
      disk.changeFiles(caller, change, (files) =>
        withHost(new URL(request.url).hostname, () => files.importRepository(request)),
      ),
    );
  }

  /**
   * All files as a stream, which fails where it cannot be completed. Whoever takes it has the files to themselves until its
   * end; to cancel it is one.
   */
  async download(format: ArchiveFormat): Promise<Outcome<ReadableStream<Uint8Array>>> {
    const { disk, renewActivity } = this.#options;
    const opened = Promise.withResolvers<ReadableStream<Uint8Array>>();
    const taking = async (): Promise<void> => {
      await disk.hold(async (files) => {
        const stream = holdStream(await files.openArchive(format), DOWNLOAD_IDLE_MS, renewActivity);
        opened.resolve(stream.readable);
        await stream.ended;
      });
    };
    taking().catch(opened.reject);
    return outcomeOf(() => opened.promise);
  }

  upload(
    caller: Identity,
    query: UploadQuery,
    body: ReadableStream<Uint8Array>,
  ): Promise<Outcome<Changed<UploadAnswer>>> {
    const isWhole = query.mode === "replace";
    const change: Change = { reason: "upload", replaces: isWhole, isImport: isWhole };
    const { disk, renewActivity } = this.#options;
    return this.#change(() =>
      disk.changeFiles(caller, change, (files) =>
        files.putArchive(query, holdStream(body, UPLOAD_IDLE_MS, renewActivity).readable),
      ),
    );
  }

  /** Goes on also where the caller has left: what has begun is carried out, and saved. */
  #change<T>(change: () => Promise<Changed<T>>): Promise<Outcome<Changed<T>>> {
    const changing = outcomeOf(change);
    this.#options.keepAlive(changing);
    return changing;
  }
}
