// The schema of a directory. See lib/migrate.ts.
import { BROWSER_SESSIONS_SCHEMA } from "./browser-session-store.ts";
import { SPENT_TOKENS_SCHEMA } from "./spent-tokens.ts";
import { TOKENS_SCHEMA } from "./token-store.ts";

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE agents (
    agent_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    status TEXT NOT NULL,
    container_id TEXT,
    created_at INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    conversation_id TEXT
  ) WITHOUT ROWID;
  CREATE INDEX agents_by_activity ON agents (last_active_at DESC, agent_id);
  CREATE INDEX agents_by_status ON agents (status, last_active_at DESC, agent_id);
  CREATE INDEX agents_up ON agents (last_active_at DESC, agent_id) WHERE container_id IS NOT NULL;
  -- Kept up to date by triggers, so that a total costs the same for ten agents and ten thousand.
  CREATE TABLE counts (status TEXT PRIMARY KEY, agents INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TRIGGER count_added AFTER INSERT ON agents BEGIN
    INSERT INTO counts VALUES (NEW.status, 1) ON CONFLICT (status) DO UPDATE SET agents = agents + 1;
  END;
  CREATE TRIGGER count_changed AFTER UPDATE OF status ON agents WHEN NEW.status <> OLD.status BEGIN
    UPDATE counts SET agents = agents - 1 WHERE status = OLD.status;
    INSERT INTO counts VALUES (NEW.status, 1) ON CONFLICT (status) DO UPDATE SET agents = agents + 1;
  END;
  CREATE TRIGGER count_removed AFTER DELETE ON agents BEGIN
    UPDATE counts SET agents = agents - 1 WHERE status = OLD.status;
  END;
  -- A report that was on its way when its agent was deleted must not bring it back.
  CREATE TABLE removed (agent_id TEXT PRIMARY KEY, number INTEGER NOT NULL, removed_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE probes (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL);
  `,
  `
  -- sealed: see lib/seal.ts. facts: JSON of what may be shown.
  CREATE TABLE credentials (
    kind TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    facts TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  `${TOKENS_SCHEMA} ${BROWSER_SESSIONS_SCHEMA}`,
  SPENT_TOKENS_SCHEMA,
];
