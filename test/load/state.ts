// Looks into the databases that a stopped or running dev server keeps below its state directory.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Files of all objects of a Durable Object class, or of the KV namespaces (`kv`). */
export function databasesOf(stateDir: string, kind: string): string[] {
  return readdirSync(stateDir, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sqlite") && path.includes(kind) && !path.endsWith("metadata.sqlite"))
    .map((path) => join(stateDir, path));
}

/** With what is still in the write-ahead log. */
export function bytesOf(file: string): number {
  return [file, `${file}-wal`].reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Rows of a table over all of these databases; those without the table have none. */
export function rowsOf(files: readonly string[], table: string): number {
  let rows = 0;
  for (const file of files) {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      rows += Number(database.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()?.n);
    } catch (error) {
      if (!String(error).includes("no such table")) throw error;
    } finally {
      database.close();
    }
  }
  return rows;
}
