// How files and conversation stood after each turn, and at each checkpoint: what a rollback goes back to.
import * as z from "zod";

const RestorePoint = z.object({
  /** Null: there were no files. */
  checkpoint_id: z.string().nullable(),
  /** False where the files of that time were never saved. */
  is_saved: z.number().transform(Boolean),
  conversation_id: z.string(),
  /** The one that the next turn would have gone on with; null in points of older revisions. */
  current_conversation_id: z.string().nullable(),
  thread_id: z.string().nullable(),
  branch: z.number(),
  rollout_bytes: z.number(),
  /** See {@link Checkpoints.workspace}. */
  import_id: z.string().nullable(),
});
export type RestorePoint = z.infer<typeof RestorePoint>;

const COLUMNS = RestorePoint.keyof().options;

export class RestorePoints {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** `id` is that of a turn, a checkpoint or an import. */
  set(id: string, point: RestorePoint): void {
    const values = COLUMNS.map((column) => point[column]).map((value) =>
      typeof value === "boolean" ? Number(value) : value,
    );
    const places = values.map(() => ", ?").join("");
    this.#sql.exec(
      `INSERT OR REPLACE INTO restore_points (id, ${COLUMNS.join(", ")}) VALUES (?${places})`,
      id,
      ...values,
    );
  }

  find(id: string): RestorePoint | undefined {
    const [row] = this.#sql.exec(`SELECT ${COLUMNS.join(", ")} FROM restore_points WHERE id = ?`, id).toArray();
    return row === undefined ? undefined : RestorePoint.parse(row);
  }

  /** Turns after which the files were those of that checkpoint. */
  turnsAt(checkpointId: string): string[] {
    const query = "SELECT id FROM restore_points WHERE checkpoint_id = ? AND id LIKE 'turn%' ORDER BY id";
    return this.#sql
      .exec<{ id: string }>(query, checkpointId)
      .toArray()
      .map(({ id }) => id);
  }

  /** The files of one checkpoint are those of the other as well. */
  move(fromCheckpoint: string, toCheckpoint: string): void {
    this.#sql.exec("UPDATE restore_points SET checkpoint_id = ? WHERE checkpoint_id = ?", toCheckpoint, fromCheckpoint);
  }
}
