// Brings files and conversation back to an earlier point. What was before that is saved first, as a checkpoint to go back to.
import { AppError } from "../../errors.ts";
import type { AgentBody } from "../body.ts";
import type { RestorePoint } from "../store/restore-points.ts";
import type { AgentStore } from "../store/store.ts";
import type { AgentFiles } from "./files.ts";
import { requirePoint } from "./restore-point.ts";

export interface RollbackParts {
  store: AgentStore;
  body: AgentBody;
  files: AgentFiles;
}

export interface Rollback {
  /** That of the files as they are now; null where there are none. */
  checkpoint_id: string | null;
  /** The one that the next turn goes on with. */
  conversation_id: string;
  /** What undoes it. */
  undo_checkpoint_id: string;
}

/** `target` is the id of a turn or a checkpoint. No turn may run meanwhile. Throws `not_found`, `conflict` and what a start throws. */
export async function rollBack(target: string, parts: RollbackParts): Promise<Rollback> {
  const { store, body, files } = parts;
  if (!files.isPersistent) throw new AppError("conflict", "Nothing is kept of any turn (PERSISTENT_MODE=false).");
  const point = requirePoint(target, store);
  const runner = await body.ensureRunning();
  await files.prepare(runner);
  const saved = await files.save(runner, { reason: "before_rollback", turnId: null });
  if (saved.status === "failed" && !saved.mayRetry) {
    throw new AppError("conflict", `Nothing was rolled back. ${saved.notes.join(" ")}`);
  }
  if (saved.status !== "saved") {
    const message = "The present state could not be saved, so nothing was rolled back. Try again in a minute.";
    throw new AppError("storage_unavailable", message);
  }
  // Of the conversation that is about to change, which need not be the current one.
  const before = {
    ...store.pointNow(point.conversation_id),
    current_conversation_id: store.conversations.current().id,
    checkpoint_id: saved.checkpointId,
    is_saved: true,
  };
  store.restorePoints.set(saved.checkpointId, before);
  goTo(point, store);
  await restart(parts);
  if (store.checkpoints.workspace().checkpoint_id !== point.checkpoint_id) {
    goTo(before, store);
    await restart(parts);
    throw new AppError(
      "conflict",
      "That checkpoint is damaged or missing, so nothing was rolled back. Choose another one.",
    );
  }
  return {
    checkpoint_id: point.checkpoint_id,
    conversation_id: store.conversations.current().id,
    undo_checkpoint_id: saved.checkpointId,
  };
}

function goTo(point: RestorePoint, store: AgentStore): void {
  const { conversation_id, thread_id, branch, rollout_bytes } = point;
  store.transaction(() => {
    store.checkpoints.setWorkspace({ checkpoint_id: point.checkpoint_id, must_restore: true, is_behind: false });
    store.checkpoints.setImport(point.import_id);
    if (thread_id !== null) store.conversations.fork(thread_id, branch, rollout_bytes);
    store.conversations.setThread(conversation_id, thread_id);
    store.conversations.makeCurrent(point.current_conversation_id ?? conversation_id);
  });
}

/** A start of its own: Codex has the conversation in its memory, and processes of the agent have its files. */
async function restart({ body, files }: RollbackParts): Promise<void> {
  await body.destroy();
  await files.prepare(await body.ensureRunning());
}
