// The one seam between a container and a laptop: where the platform provides no `ctx.container` (no Docker, or a test),
// the process host's is put in its place, before anything looks at it.
import type { Config } from "../config.ts";
import { HostContainer } from "./host-container.ts";

/** Returns `ctx` itself. Without a process host it is left as it is, and the `Container` class says what is missing. */
export function withContainer<State extends DurableObjectState>(
  ctx: State,
  { PROCESS_HOST_URL: url, PROCESS_HOST_TOKEN: token }: Config,
): State {
  if (ctx.container === undefined && url !== undefined && token !== undefined) {
    Object.defineProperty(ctx, "container", { value: new HostContainer(ctx, url, token) });
  }
  return ctx;
}

/** Deletes what outlives the agent's container where it ran. Of a real container nothing does. */
export async function deleteDisk(container: Container | undefined): Promise<void> {
  if (container instanceof HostContainer) await container.deleteDisk();
}
