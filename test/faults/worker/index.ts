// The Worker under test: the real one, every class of it, on storage, clock and network that fail where the suite wants it.
// Never deployed.
import "./clock.ts";
import "./network.ts";
import { env as bindings } from "cloudflare:workers";
import worker, * as real from "../../../src/index.ts";
import { OBJECT_ROUTE, REMAINS_ROUTE, type Remains, SWITCH_ROUTE, type Switch } from "../points.ts";
import { failingBucket, failingState } from "./storage.ts";
import { arm, disarm } from "./switches.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      SUITE_URL: string;
      OPENAI_BASE_URL: string;
      /** The Worker starts with this clock. */
      CLOCK_OFFSET_MS: string;
    }
  }
}

arm([{ kind: "clock", offsetMs: Number(bindings.CLOCK_OFFSET_MS) }]);

export class CodexAgent extends real.CodexAgent {
  constructor(ctx: DurableObjectState<object>, env: Cloudflare.Env) {
    const bucket = env.CHECKPOINTS;
    super(failingState(ctx), bucket === undefined ? env : { ...env, CHECKPOINTS: failingBucket(bucket) });
  }
}

export class Directory extends real.Directory {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(failingState(ctx, "directory"), env);
  }
}

export class Fleet extends real.Fleet {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(failingState(ctx, "fleet"), env);
  }

  /** Who holds a lease that has not ended. */
  holders(): string[] {
    const rows = this.ctx.storage.sql.exec<{ holder: string }>(
      "SELECT holder FROM leases WHERE expires_at > ?",
      Date.now(),
    );
    return rows.toArray().map(({ holder }) => holder);
  }
}

export const { ContainerProxy, McpSession, SseSession } = real;

export default {
  ...worker,
  async fetch(request, env, context) {
    const url = new URL(request.url);
    if (url.pathname === SWITCH_ROUTE) {
      disarm();
      arm(await request.json<Switch[]>());
      return new Response();
    }
    if (url.pathname === OBJECT_ROUTE) {
      return new Response(env.CODEX_AGENT.idFromName(url.searchParams.get("name") ?? "").toString());
    }
    if (url.pathname === REMAINS_ROUTE) return Response.json(await remains(env));
    return worker.fetch(request, env, context);
  },
} satisfies ExportedHandler<Cloudflare.Env>;

async function remains(env: Cloudflare.Env): Promise<Remains> {
  const fleet = env.FLEET.getByName("fleet") as unknown as { holders(): Promise<string[]> }; // the class above
  const bucket = await env.CHECKPOINTS?.list();
  return { leases: await fleet.holders(), objects: bucket?.objects.map(({ key }) => key) ?? [] };
}
