// Saves what is on the agent's disk: the runner archives it, the bucket takes it, then it counts.
import type { CheckpointAnswer } from "../../../container/lib/checkpoint-protocol.ts";
import type { Logger } from "../../../container/lib/log.ts";
import { newId } from "../../lib/ids.ts";
import { RunnerRefusal } from "../../runtime/runner-client.ts";
import type { Runner } from "../body.ts";
import type { CheckpointReason } from "../store/checkpoints.ts";
import type { AgentStore } from "../store/store.ts";
import type { ArchiveBucket } from "./archive-bucket.ts";
import { needsBase, outdated } from "./policy.ts";

export interface SaveParts {
  store: AgentStore;
  /** Undefined where there is none. */
  bucket: ArchiveBucket | undefined;
  kept: number;
  log: Logger;
  /** Waits between attempts of an upload, in ms. */
  retryMs?: readonly number[];
}

export interface SaveRequest {
  reason: CheckpointReason;
  turnId: string | null;
}

/** `notes` are for people. */
export type SaveOutcome =
  | { status: "saved"; checkpointId: string; notes: string[] }
  | { status: "unchanged" }
  | { status: "failed"; notes: string[]; mayRetry: boolean };

type Ready = Extract<CheckpointAnswer, { status: "ready" }>;

const RETRY_MS = [200, 1_500];
const CONSEQUENCE =
  "They stay on the disk until the agent's container ends. The next checkpoint that succeeds holds them too; the last good one is kept.";

/**
 * Never counts a checkpoint that is not in the bucket, and never fails for the bucket's sake. Rejects only where the runner
 * cannot be reached.
 */
export async function saveDisk(parts: SaveParts, { client }: Runner, request: SaveRequest): Promise<SaveOutcome> {
  const { store, bucket, log } = parts;
  if (bucket === undefined) return failed(store, "this server has no R2 bucket (binding CHECKPOINTS).", false);
  const id = newId("ckpt");
  const head = store.checkpoints.workspace().checkpoint_id;
  try {
    const answer = await client.createCheckpoint({
      id,
      parent: head,
      is_base: needsBase(store.checkpoints.chain(head), request.reason === "sleep"),
      is_forced: request.reason === "before_rollback",
    });
    if (answer.status === "unchanged") {
      store.checkpoints.setWorkspace({ checkpoint_id: head, must_restore: false, is_behind: false });
      return { status: "unchanged" };
    }
    const read = (offset: number, length: number) => client.readCheckpoint(id, offset, length);
    await upload(parts, bucket, id, { ...answer, read });
    store.transaction(() => record(parts, bucket.keyOf(id), id, { ...request, answer, head }));
    void client.releaseCheckpoint(id).catch((error: unknown) => log.debug("the archive stays on disk", { error }));
    return { status: "saved", checkpointId: id, notes: answer.notes };
  } catch (error) {
    // Awake after all: the turn that has come is followed by a checkpoint of its own.
    if (error instanceof RunnerRefusal && error.failure.code === "turn_active") return { status: "unchanged" };
    log.warn("checkpoint failed", { error, reason: request.reason });
    if (!(error instanceof RunnerRefusal)) await client.health();
    return failed(store, reasonOf(error), !isLasting(error));
  }
}

async function upload(
  parts: SaveParts,
  bucket: ArchiveBucket,
  id: string,
  source: Parameters<ArchiveBucket["put"]>[1],
): Promise<void> {
  const { store, log, retryMs = RETRY_MS } = parts;
  const key = bucket.keyOf(id);
  for (let attempt = 0; ; attempt++) {
    store.looseObjects.add(key);
    try {
      return await bucket.put(key, source, (uploadId) => store.looseObjects.add(key, uploadId));
    } catch (error) {
      const delayMs = retryMs[attempt];
      if (delayMs === undefined || error instanceof RunnerRefusal) throw error;
      log.warn("the bucket did not take a checkpoint", { error, attempt });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

interface Recorded extends SaveRequest {
  answer: Ready;
  head: string | null;
}

function record({ store, kept }: SaveParts, key: string, id: string, { answer, head, reason, turnId }: Recorded): void {
  const { checkpoints, looseObjects, restorePoints, conversations, turns } = store;
  const { parent, bytes, sha256 } = answer;
  looseObjects.remove(key);
  checkpoints.record({ id, parent, key, bytes, sha256, reason, turn_id: turnId });
  const turn = turnId === null ? undefined : turns.find(turnId);
  restorePoints.set(id, store.pointNow(turn?.conversation_id ?? conversations.current().id));
  // What was saved anew replaces the chain that it was in before.
  if (!answer.is_changed && head !== null && reason === "sleep") restorePoints.move(head, id);
  // get_diff compares with the last import.
  const { import_id } = checkpoints.workspace();
  const imported = import_id === null ? undefined : restorePoints.find(import_id)?.checkpoint_id;
  for (const old of outdated(checkpoints.list(), [id, ...(imported ? [imported] : [])], kept)) {
    looseObjects.add(old.key);
    checkpoints.remove(old.id);
  }
}

function failed({ checkpoints }: AgentStore, reason: string, mayRetry: boolean): SaveOutcome {
  checkpoints.setWorkspace({ ...checkpoints.workspace(), is_behind: true });
  return { status: "failed", mayRetry, notes: [`The files as they are now were not saved: ${reason} ${CONSEQUENCE}`] };
}

/** It is so on every attempt. */
function isLasting(error: unknown): boolean {
  return error instanceof RunnerRefusal && error.failure.code === "tar_missing";
}

function reasonOf(error: unknown): string {
  if (!(error instanceof RunnerRefusal)) return "the bucket did not take them (R2); the log has the reason.";
  if (error.failure.code === "tar_missing") return "this machine has no GNU tar (on macOS: brew install gnu-tar).";
  if (error.failure.code === "too_large") return "they are larger than a checkpoint may be (10 GiB).";
  return "they could not be archived; the log has the reason.";
}
