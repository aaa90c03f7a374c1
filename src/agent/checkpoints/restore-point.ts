// Looks up how files and conversation stood at an earlier time.
import { AppError } from "../../errors.ts";
import type { RestorePoint } from "../store/restore-points.ts";
import type { AgentStore } from "../store/store.ts";

/** Throws `not_found` or `conflict` for a time whose files are not kept. `id` is that of a turn, a checkpoint or an import. */
export function requirePoint(id: string, { restorePoints, checkpoints }: AgentStore): RestorePoint {
  const point = restorePoints.find(id);
  const list = "list_checkpoints has what there is.";
  if (point === undefined) throw new AppError("not_found", `There is nothing to go back to under that id. ${list}`);
  if (!point.is_saved) throw new AppError("conflict", `The files of that time were not saved. ${list}`);
  const { checkpoint_id } = point;
  if (checkpoint_id !== null && checkpoints.find(checkpoint_id) === undefined) {
    throw new AppError("not_found", `The files of that time are no longer kept (CHECKPOINTS_KEPT). ${list}`);
  }
  if (checkpoint_id !== null && !checkpoints.isIntact(checkpoint_id)) {
    throw new AppError("conflict", `The checkpoint of that time is damaged or missing. ${list}`);
  }
  return point;
}
