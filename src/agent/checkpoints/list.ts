// The checkpoints of an agent as its user sees them.
import type { CheckpointReason } from "../store/checkpoints.ts";
import type { AgentStore } from "../store/store.ts";

export interface CheckpointInfo {
  checkpoint_id: string;
  reason: CheckpointReason;
  /** Turns after which the files were these; a rollback to one of them brings its conversation back, too. */
  turn_ids: string[];
  conversation_id: string | null;
  /** Of this archive alone. */
  bytes: number;
  /** Whether it holds all files, or what changed since another one. */
  is_base: boolean;
  /** The files on the disk go back to this one. */
  is_current: boolean;
  is_damaged: boolean;
  /** Unix time in ms. */
  created_at: number;
}

/** Turns that are named for each; there can be any number of chats. */
const MAX_TURNS = 20;

/** The newest first. */
export function listCheckpoints({ checkpoints, restorePoints }: AgentStore): CheckpointInfo[] {
  const { checkpoint_id: head } = checkpoints.workspace();
  return checkpoints.list().map(({ id, parent, bytes, reason, created_at }) => ({
    checkpoint_id: id,
    reason,
    turn_ids: restorePoints.turnsAt(id).slice(-MAX_TURNS),
    conversation_id: restorePoints.find(id)?.conversation_id ?? null,
    bytes,
    is_base: parent === null,
    is_current: id === head,
    is_damaged: !checkpoints.isIntact(id),
    created_at,
  }));
}
