// Objects in the bucket that no checkpoint refers to: on their way in, or to be removed. Written down before anything is done
// with them, so that none is forgotten whatever breaks off.
export interface LooseObject {
  key: string;
  /** Of a multipart upload that has not been completed. */
  upload_id: string | null;
}

export class LooseObjects {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(key: string, uploadId: string | null = null): void {
    this.#sql.exec("INSERT OR REPLACE INTO loose_objects (key, upload_id) VALUES (?, ?)", key, uploadId);
  }

  list(): LooseObject[] {
    return this.#sql
      .exec<{ key: string; upload_id: string | null }>("SELECT key, upload_id FROM loose_objects")
      .toArray();
  }

  /** It is gone, or a checkpoint refers to it. */
  remove(key: string): void {
    this.#sql.exec("DELETE FROM loose_objects WHERE key = ?", key);
  }
}
