// Progress notifications of a tool call, for a client that asked for them with a token.
import type { ServerContext } from "@modelcontextprotocol/server";
import type { Logger } from "../../container/lib/log.ts";

/** Does nothing where the client sent no token. A notification that cannot be sent is not worth a failed call. */
export function progressReporter(ctx: ServerContext, log: Logger): (message: string) => void {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => {};
  let progress = 0;
  return (message) => {
    const params = { progressToken, progress: ++progress, message };
    ctx.mcpReq.notify({ method: "notifications/progress", params }).catch((error: unknown) => {
      log.debug("progress was not delivered", { error });
    });
  };
}
