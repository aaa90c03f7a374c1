// What the files are compared with: the checkpoint of an earlier time, as the runner takes it.
import type { Logger } from "../../../container/lib/log.ts";
import { AppError } from "../../errors.ts";
import type { ArchiveBucket } from "../checkpoints/archive-bucket.ts";
import { requirePoint } from "../checkpoints/restore-point.ts";
import type { CheckpointRow } from "../store/checkpoints.ts";
import type { AgentStore } from "../store/store.ts";

export interface DiffBase {
  /** As callers call it. */
  name: string;
  /** The archives of that time, the base first; none where there were no files. */
  chain: CheckpointRow[];
}

/**
 * `since` is the id of a turn or a checkpoint; null
 * for the last import, or the beginning where there was none. Throws `not_found` or `conflict` where that time is not known.
 */
export function diffBase(since: string | null, store: AgentStore): DiffBase {
  const id = since ?? store.checkpoints.workspace().import_id;
  if (id === null) return { name: "beginning", chain: [] };
  const { checkpoint_id } = requirePoint(id, store);
  const chain = checkpoint_id === null ? [] : store.checkpoints.chain(checkpoint_id);
  return { name: since ?? "import", chain };
}

/** One after the other. Fails where one is missing, or the bucket does not answer; the reason is then in `failure()`. */
export function archivesOf(chain: readonly CheckpointRow[], bucket: ArchiveBucket | undefined, log: Logger) {
  let failure: AppError | undefined;
  const fail = (reason: AppError): never => {
    failure = reason;
    throw reason;
  };
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const { key } of chain) {
      const archive = await bucket?.get(key).catch((cause: unknown) => {
        log.error("the bucket cannot be read", { error: cause });
        const message = "The checkpoint of that time cannot be read now (R2). Try again in a minute.";
        return fail(new AppError("storage_unavailable", message, { cause }));
      });
      if (archive === undefined || archive === null) {
        const message = "The checkpoint of that time is missing. Choose another one; list_checkpoints has them.";
        return fail(new AppError("conflict", message));
      }
      yield* archive;
    }
  }
  return { stream: streamOf(pieces()), failure: () => failure };
}

function streamOf(pieces: AsyncGenerator<Uint8Array, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return();
    },
  });
}
