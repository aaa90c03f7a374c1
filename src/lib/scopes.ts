// What a token may do. `codex:read` looks at sessions, turns and results; `codex:run` starts, steers and ends turns and answers
// what they ask; `codex:admin` stops and deletes agents, and handles credentials.
import * as z from "zod";

export const SCOPES = ["codex:read", "codex:run", "codex:admin"] as const;
export const Scope = z.enum(SCOPES);
export type Scope = z.infer<typeof Scope>;

/** What a client is told to ask for first: enough for every tool but those that delete. */
export const BASELINE_SCOPES: readonly Scope[] = ["codex:read", "codex:run"];
