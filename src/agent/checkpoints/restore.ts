// Puts an empty disk back to the state that counts. A checkpoint that is damaged or missing is passed over for the one before
// it; a bucket that does not answer is no reason for that.
import type { Logger } from "../../../container/lib/log.ts";
import { AppError } from "../../errors.ts";
import { RunnerRefusal } from "../../runtime/runner-client.ts";
import type { Runner } from "../body.ts";
import type { CheckpointRow } from "../store/checkpoints.ts";
import type { AgentStore } from "../store/store.ts";
import type { ArchiveBucket } from "./archive-bucket.ts";

export interface RestoreParts {
  store: AgentStore;
  bucket: ArchiveBucket | undefined;
  log: Logger;
}

/** An archive can be hurt on its way as well as where it lies. */
const ATTEMPTS = 2;

/**
 * Resolves to remarks for people, none where all went well. Does nothing where the disk continues that state already.
 * Throws `storage_unavailable`, and rejects where the runner cannot be reached.
 */
export async function restoreDisk(parts: RestoreParts, { client }: Runner): Promise<string[]> {
  const { checkpoint_id, must_restore } = parts.store.checkpoints.workspace();
  if (checkpoint_id === null && !must_restore) return [];
  if (!must_restore && (await client.heldCheckpoints()).includes(checkpoint_id ?? "")) return [];
  return await restoreHead(parts, client);
}

async function restoreHead({ store, bucket, log }: RestoreParts, client: Runner["client"]): Promise<string[]> {
  const { checkpoints } = store;
  const isLoss = hasUnsavedChanges(store);
  const remarks: string[] = [];
  for (;;) {
    const { checkpoint_id: head } = checkpoints.workspace();
    const startedAt = Date.now();
    const chain = checkpoints.chain(head);
    const isKnown = head === null || chain.length > 0;
    const damaged = isKnown ? await tryChain(chain, bucket, client, log) : { id: head };
    if (damaged === undefined) {
      await client.finishRestore(head);
      checkpoints.setWorkspace({ checkpoint_id: head, must_restore: false, is_behind: false });
      const duration_ms = Date.now() - startedAt;
      log.info("workspace restored", { checkpoint: head, archives: chain.length, duration_ms });
      return isLoss && remarks.length === 0 ? [remarkOnLoss(chain.at(-1))] : remarks;
    }
    log.error("a checkpoint cannot be used", { checkpoint: damaged.id });
    store.transaction(() => {
      checkpoints.markDamaged(damaged.id);
      const next = checkpoints.intactBefore(chain);
      checkpoints.setWorkspace({ checkpoint_id: next?.id ?? null, must_restore: true, is_behind: false });
      remarks.push(remarkOn(damaged, next));
    });
  }
}

/** Resolves to the first that is damaged or missing; then nothing on disk has changed. */
async function tryChain(
  chain: readonly CheckpointRow[],
  bucket: ArchiveBucket | undefined,
  client: Runner["client"],
  log: Logger,
): Promise<CheckpointRow | undefined> {
  let failed: CheckpointRow | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await client.beginRestore();
    failed = undefined;
    for (const row of chain) {
      if (await unpack(row, bucket, client, log)) continue;
      failed = row;
      break;
    }
    if (failed === undefined) return undefined;
  }
  return failed;
}

async function unpack(
  { key, sha256, bytes }: CheckpointRow,
  bucket: ArchiveBucket | undefined,
  client: Runner["client"],
  log: Logger,
): Promise<boolean> {
  const archive = await open(key, bucket, log);
  if (archive === null) return false;
  try {
    await client.restoreArchive({ sha256, bytes }, archive);
    return true;
  } catch (error) {
    if (error instanceof RunnerRefusal && error.failure.code === "corrupt") return false;
    throw error;
  }
}

async function open(key: string, bucket: ArchiveBucket | undefined, log: Logger) {
  try {
    if (bucket === undefined) throw new Error("there is no binding CHECKPOINTS");
    return await bucket.get(key);
  } catch (cause) {
    log.error("the bucket cannot be read", { error: cause });
    const message =
      "The agent's files are in a checkpoint that cannot be read now (R2). Nothing was started. Try again in a minute; the log has the reason.";
    throw new AppError("storage_unavailable", message, { cause });
  }
}

/** Whether what is on disk now, or was before its loss, may hold what no checkpoint does. */
function hasUnsavedChanges({ checkpoints, turns }: AgentStore): boolean {
  const { must_restore, is_behind } = checkpoints.workspace();
  // A rollback leaves nothing unsaved.
  return !must_restore && (is_behind || turns.lastSettled()?.status === "interrupted");
}

function remarkOnLoss(head: CheckpointRow | undefined): string {
  const what = "The container ended before the last changes in it were saved.";
  return head === undefined ? what : `${what} The workspace is as in checkpoint ${head.id} of ${timeOf(head)}.`;
}

function timeOf({ created_at }: CheckpointRow): string {
  return new Date(created_at).toISOString();
}

function remarkOn(damaged: { id: string }, next: CheckpointRow | undefined): string {
  const what = `Checkpoint ${damaged.id} is damaged or missing.`;
  if (next === undefined) return `${what} There is none before it: the workspace begins empty.`;
  return `${what} The workspace is as in the one before, ${next.id} of ${timeOf(next)}; what was changed after it is lost.`;
}
