// What the platform gives the Worker besides text settings (config.ts reads those), as wrangler.jsonc names it.
import type { CodexAgent } from "./agent/codex-agent.ts";
import type { Directory } from "./fleet/directory.ts";
import type { Fleet } from "./fleet/fleet.ts";

export interface Bindings {
  CODEX_AGENT: DurableObjectNamespace<CodexAgent>;
  DIRECTORY: DurableObjectNamespace<Directory>;
  FLEET: DurableObjectNamespace<Fleet>;
  /** Of turns, by user id. */
  TURN_RATE: RateLimit;
  /** What the OAuth library keeps: clients, grants, tokens (hashed). */
  OAUTH_KV: KVNamespace;
  /** Undefined in a deployment without a bucket: then an agent's files are as lasting as its container's disk. */
  CHECKPOINTS?: R2Bucket;
}

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {}
  }
}
