// What a tool call has besides its parameters, whatever transport it came by.

import type { Logger } from "../../container/lib/log.ts";
import type { CodexAgent } from "../agent/codex-agent.ts";
import type { Config } from "../config.ts";
import type { Directory } from "../fleet/directory.ts";

export interface CallContext {
  /** Namespace of the caller's agents. */
  userId: string;
  clientId: string;
  scopes: readonly string[];
  /** Where people reach this server. */
  origin: string;
  config: Config;
  agents: DurableObjectNamespace<CodexAgent>;
  directories: DurableObjectNamespace<Directory>;
  turnRate: Pick<RateLimit, "limit">;
  correlationId: string;
  log: Logger;
  /** Aborts when nobody waits for the answer any more: the wait ends, the turn does not. */
  signal: AbortSignal;
  /** Whether `signal` was aborted by a caller who is still there and wants the work to end. Not all transports can tell. */
  isCancelled?(): boolean;
  /** The turn that an earlier round of this same call has started: it goes on with that one. */
  resume?: string;
  onProgress(message: string): void;
}

/** One agent is one Durable Object. A user id never holds `/`, so no two users' agents meet. */
export function agentOf(
  { agents, userId }: Pick<CallContext, "agents" | "userId">,
  agentId: string,
): DurableObjectStub<CodexAgent> {
  return agents.getByName(`${userId}/${agentId}`);
}

/** The index of the caller's own agents. */
export function directoryOf({ directories, userId }: CallContext): DurableObjectStub<Directory> {
  return directories.getByName(userId);
}
