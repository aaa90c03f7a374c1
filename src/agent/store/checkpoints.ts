// The checkpoints of the agent's disk, and which of them it continues. Each is a base, which needs no other, or holds what
// changed since its parent. What is recorded here is in the bucket.
import * as z from "zod";

export const CheckpointReason = z.enum([
  "turn",
  "sleep",
  "before_rollback",
  "write",
  "import",
  "upload",
  "before_change",
]);
export type CheckpointReason = z.infer<typeof CheckpointReason>;

const Row = z.object({
  position: z.number(),
  id: z.string(),
  parent: z.string().nullable(),
  key: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  reason: CheckpointReason,
  turn_id: z.string().nullable(),
  is_damaged: z.number().transform(Boolean),
  created_at: z.number(),
});
export type CheckpointRow = z.infer<typeof Row>;
export type NewCheckpoint = Omit<CheckpointRow, "position" | "is_damaged" | "created_at">;

export interface WorkspaceState {
  /** What the disk continues; null where nothing was ever saved. */
  checkpoint_id: string | null;
  /** The disk is not that yet, whatever it holds. */
  must_restore: boolean;
  /** The disk has changed since, and that could not be saved. */
  is_behind: boolean;
}

/** The last time that files were brought in, which has a restore point of that id; null where there was none. */
interface LastImport {
  import_id: string | null;
}

const COLUMNS = "position, id, parent, key, bytes, sha256, reason, turn_id, is_damaged, created_at";

export class Checkpoints {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  workspace(): WorkspaceState & LastImport {
    const row = this.#sql
      .exec<{ checkpoint_id: string | null; must_restore: number; is_behind: number; import_id: string | null }>(
        "SELECT checkpoint_id, must_restore, is_behind, import_id FROM workspace",
      )
      .one();
    return { ...row, must_restore: row.must_restore === 1, is_behind: row.is_behind === 1 };
  }

  setWorkspace({ checkpoint_id, must_restore, is_behind }: WorkspaceState): void {
    const query = "UPDATE workspace SET checkpoint_id = ?, must_restore = ?, is_behind = ?";
    this.#sql.exec(query, checkpoint_id, Number(must_restore), Number(is_behind));
  }

  setImport(id: string | null): void {
    this.#sql.exec("UPDATE workspace SET import_id = ?", id);
  }

  /** The disk continues it from here on. */
  record(checkpoint: NewCheckpoint): void {
    const { id, parent, key, bytes, sha256, reason, turn_id } = checkpoint;
    this.#sql.exec(
      "INSERT INTO checkpoints (id, parent, key, bytes, sha256, reason, turn_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[id, parent, key, bytes, sha256, reason, turn_id, this.#now()],
    );
    this.setWorkspace({ checkpoint_id: id, must_restore: false, is_behind: false });
  }

  find(id: string): CheckpointRow | undefined {
    return this.#select("WHERE id = ?", id)[0];
  }

  /** The newest first. */
  list(): CheckpointRow[] {
    return this.#select("ORDER BY position DESC");
  }

  /** What must be unpacked to have that state, the base first. Empty where a part of it is not known. */
  chain(id: string | null): CheckpointRow[] {
    const chain: CheckpointRow[] = [];
    for (let next = id; next !== null; ) {
      const row = this.find(next);
      if (row === undefined) return [];
      chain.unshift(row);
      next = row.parent;
    }
    return chain;
  }

  isIntact(id: string): boolean {
    const chain = this.chain(id);
    return chain.length > 0 && chain.every(({ is_damaged }) => !is_damaged);
  }

  markDamaged(id: string): void {
    this.#sql.exec("UPDATE checkpoints SET is_damaged = 1 WHERE id = ?", id);
  }

  /** What can still be restored where the end of that chain cannot: the next before it in the chain, else the newest of all. */
  intactBefore(chain: readonly CheckpointRow[]): CheckpointRow | undefined {
    return [...chain.toReversed(), ...this.list()].find(({ id }) => this.isIntact(id));
  }

  remove(id: string): void {
    this.#sql.exec("DELETE FROM checkpoints WHERE id = ?", id);
  }

  #select(where: string, ...bindings: (string | number)[]): CheckpointRow[] {
    const rows = this.#sql.exec(`SELECT ${COLUMNS} FROM checkpoints ${where}`, ...bindings).toArray();
    return rows.map((row) => Row.parse(row));
  }
}
