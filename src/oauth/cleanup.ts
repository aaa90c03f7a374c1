// Clears away what has expired of OAuth's records. Most of it goes by itself; this finds what was left over.
import type { Logger } from "../../container/lib/log.ts";
import { authorizationServer } from "./authorization-server.ts";

const CURSOR_KEY = "purge-cursor";
const BATCH_SIZE = 200;

/** One batch per run; the next run goes on where this one stopped. */
export async function purgeExpired(env: Cloudflare.Env, log: Logger): Promise<void> {
  // The records are the same under every origin.
  const server = authorizationServer("https://purge.invalid", env, log);
  const cursor = await env.OAUTH_KV.get(CURSOR_KEY);
  const result = await server.purgeExpiredData(env, { batchSize: BATCH_SIZE, ...(cursor !== null && { cursor }) });
  if (result.cursor === undefined) await env.OAUTH_KV.delete(CURSOR_KEY);
  else await env.OAUTH_KV.put(CURSOR_KEY, result.cursor);
  log.info("expired OAuth records cleared", { grants: result.grantsPurged, tokens: result.tokensPurged });
}
