// The schema of an agent's database. A step is never changed once it has been released: new steps are added at the end.
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE agent (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    user_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    conversation_id TEXT
  );
  CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    thread_id TEXT,
    created_at INTEGER NOT NULL
  );
  CREATE TABLE turns (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    request_id TEXT UNIQUE,
    tool TEXT NOT NULL,
    status TEXT NOT NULL,
    incarnation TEXT,
    last_seq INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    settled_at INTEGER
  );
  CREATE INDEX turns_by_status ON turns (status, position);
  CREATE TABLE events (
    turn_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (turn_id, seq)
  ) WITHOUT ROWID;
  CREATE TABLE documents (
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    part INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (owner, kind, part)
  ) WITHOUT ROWID;
  CREATE TABLE rollouts (
    thread_id TEXT NOT NULL,
    offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (thread_id, offset)
  ) WITHOUT ROWID;
  CREATE TABLE incarnations (
    id TEXT PRIMARY KEY,
    runner_token TEXT NOT NULL,
    model_token_hash TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
  );
  `,
];

/** Brings the database to the newest schema, in one transaction. Safe to run at every start. */
export function migrate(storage: DurableObjectStorage): void {
  storage.transactionSync(() => {
    storage.sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
    const [row] = storage.sql.exec<{ version: number }>("SELECT version FROM schema_version").toArray();
    const current = row?.version ?? 0;
    if (current === MIGRATIONS.length) return;
    for (const step of MIGRATIONS.slice(current)) storage.sql.exec(step);
    storage.sql.exec("DELETE FROM schema_version");
    storage.sql.exec("INSERT INTO schema_version (version) VALUES (?)", MIGRATIONS.length);
  });
}
