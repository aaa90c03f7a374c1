// Who is calling: the user behind a bearer token, and what the token may do.
import type { Config } from "../config.ts";
import { equalsInConstantTime } from "../lib/constant-time.ts";
import { SCOPES, type Scope } from "../lib/scopes.ts";

export interface Caller {
  /** Namespace of all that the caller owns. Never holds `/`, which separates it from an agent's name. */
  user_id: string;
  client_id: string;
  scopes: readonly Scope[];
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Null for a missing or unknown token. Default deny: a deployment without a sign-in method knows no token. */
export async function identifyCaller(request: Request, { DEV_TOKEN }: Config): Promise<Caller | null> {
  const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
  if (scheme?.toLowerCase() !== "bearer" || token === undefined) return null;
  // A deployment is never reached under a loopback name, so there the dev token is worth nothing even if it is set.
  if (DEV_TOKEN === undefined || !LOOPBACK.has(new URL(request.url).hostname)) return null;
  if (!(await equalsInConstantTime(token, DEV_TOKEN))) return null;
  return { user_id: "owner", client_id: "dev", scopes: SCOPES };
}
