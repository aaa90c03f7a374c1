// Brings a Durable Object's database to the newest schema.

/**
 * Runs the steps that have not run yet, all of them or none. Safe to call at every start. A step is never changed once it
 * has been released: new ones are added at the end.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  storage.transactionSync(() => {
    storage.sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
    const [row] = storage.sql.exec<{ version: number }>("SELECT version FROM schema_version").toArray();
    const current = row?.version ?? 0;
    if (current === steps.length) return;
    for (const step of steps.slice(current)) storage.sql.exec(step);
    storage.sql.exec("DELETE FROM schema_version");
    storage.sql.exec("INSERT INTO schema_version (version) VALUES (?)", steps.length);
  });
}
