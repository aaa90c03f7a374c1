// The schema of an agent's database. See lib/migrate.ts.
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
  `
  CREATE TABLE approvals (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    turn_id TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    decision TEXT,
    decided_by TEXT,
    resolved INTEGER NOT NULL DEFAULT 0,
    UNIQUE (turn_id, id)
  );
  `,
  `
  CREATE TABLE totals (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    turns INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    cached_input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0
  );
  INSERT INTO totals (only, turns, last_active_at)
    SELECT 1, COUNT(*), COALESCE(MAX(COALESCE(settled_at, created_at)), 0) FROM turns;
  `,
  `
  CREATE TABLE checkpoints (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    parent TEXT,
    key TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    reason TEXT NOT NULL,
    turn_id TEXT,
    is_damaged INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
  );
  CREATE TABLE workspace (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    checkpoint_id TEXT,
    must_restore INTEGER NOT NULL DEFAULT 0,
    is_behind INTEGER NOT NULL DEFAULT 0
  );
  INSERT INTO workspace (only) VALUES (1);
  CREATE TABLE loose_objects (
    key TEXT PRIMARY KEY,
    upload_id TEXT
  ) WITHOUT ROWID;
  CREATE TABLE restore_points (
    id TEXT PRIMARY KEY,
    checkpoint_id TEXT,
    is_saved INTEGER NOT NULL,
    conversation_id TEXT NOT NULL,
    thread_id TEXT,
    branch INTEGER NOT NULL,
    rollout_bytes INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE rollout_branches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    thread_id TEXT NOT NULL,
    parent INTEGER NOT NULL,
    fork_offset INTEGER NOT NULL
  );
  CREATE TABLE rollout_heads (
    thread_id TEXT PRIMARY KEY,
    branch INTEGER NOT NULL
  ) WITHOUT ROWID;
  ALTER TABLE rollouts RENAME TO rollouts_without_branches;
  CREATE TABLE rollouts (
    thread_id TEXT NOT NULL,
    branch INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (thread_id, branch, offset)
  ) WITHOUT ROWID;
  INSERT INTO rollouts (thread_id, branch, offset, bytes, text)
    SELECT thread_id, 0, offset, bytes, text FROM rollouts_without_branches;
  DROP TABLE rollouts_without_branches;
  `,
  "ALTER TABLE restore_points ADD COLUMN current_conversation_id TEXT",
  `
  ALTER TABLE workspace ADD COLUMN import_id TEXT;
  ALTER TABLE restore_points ADD COLUMN import_id TEXT;
  `,
];
