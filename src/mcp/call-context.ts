// What a tool call needs besides its parameters, put together from one MCP request.
import { SdkError, SdkErrorCode, type ServerContext } from "@modelcontextprotocol/server";
import { createLogger } from "../../container/lib/log.ts";
import { readConfig } from "../config.ts";
import type { CallContext } from "../tools/call-context.ts";
import { identityOf } from "./identity.ts";
import { progressReporter } from "./progress.ts";

export function toCallContext(ctx: ServerContext, env: Cloudflare.Env): CallContext {
  const { userId, clientId, scopes, origin, correlationId } = identityOf(ctx);
  const config = readConfig(env);
  const log = createLogger(console.log, config.LOG_LEVEL, { part: "worker", correlation_id: correlationId });
  const { signal } = ctx.mcpReq;
  return {
    userId,
    clientId,
    scopes,
    origin,
    config,
    agents: env.CODEX_AGENT,
    directories: env.DIRECTORY,
    turnRate: env.TURN_RATE,
    correlationId,
    log,
    signal,
    isCancelled: () => isCancelled(signal),
    onProgress: progressReporter(ctx, log),
  };
}

/**
 * Whether the client has sent `notifications/cancelled`. The SDK aborts a request for that, and for a connection that is
 * gone; only the reason tells them apart. In the 2026-07-28 revision a client cancels over HTTP by closing the stream, which is
 * how a lost connection looks as well: there it counts as lost, and the turn goes on.
 */
function isCancelled({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof SdkError && reason.code === SdkErrorCode.ConnectionClosed);
}
