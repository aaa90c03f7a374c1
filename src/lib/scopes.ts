// What a token may do. `codex:read` looks at sessions, turns and results; `codex:run` starts, steers and ends turns and answers
// what they ask; `codex:admin` stops and deletes agents, and handles credentials.
export const SCOPES = ["codex:read", "codex:run", "codex:admin"] as const;
export type Scope = (typeof SCOPES)[number];
