// What a tool call has besides its parameters, whatever transport it came by.

import type { Logger } from "../../container/lib/log.ts";
import type { CodexAgent } from "../agent/codex-agent.ts";
import type { Config } from "../config.ts";

export interface CallContext {
  /** Namespace of the caller's agents. */
  userId: string;
  config: Config;
  agents: DurableObjectNamespace<CodexAgent>;
  correlationId: string;
  log: Logger;
  /** Aborts when nobody waits for the answer any more: the wait ends, the turn does not. */
  signal: AbortSignal;
  onProgress(message: string): void;
}

/** One agent is one Durable Object. A user id never holds `/`, so no two users' agents meet. */
export function agentOf({ agents, userId }: CallContext, agentId: string): DurableObjectStub<CodexAgent> {
  return agents.getByName(`${userId}/${agentId}`);
}
