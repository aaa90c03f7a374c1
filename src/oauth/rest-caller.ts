// Who is calling the REST mirror: the same tokens as for MCP, whichever endpoint they were given out for.
import { RESOURCES } from "./authorization-server.ts";
import { type Caller, callerOf } from "./caller.ts";
import type { ResourceOptions } from "./protected-resource.ts";

/** The caller, or the refusal. */
export async function identifyRestCaller(request: Request, options: ResourceOptions): Promise<Caller | Response> {
  const [, token] = /^Bearer[\t ]+([^\s,]+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (token !== undefined) {
    for (const path of RESOURCES) {
      const caller = await callerOf(token, { ...options, resource: `${options.origin}${path}` });
      if (caller !== null) return caller;
    }
  }
  const metadata = `${options.origin}/.well-known/oauth-protected-resource${options.path}`;
  const problem = token === undefined ? "" : ', error="invalid_token"';
  const challenge = `Bearer realm="OAuth", resource_metadata="${metadata}"${problem}`;
  const body = { error: "unauthorized", message: "Send a valid bearer token." };
  return Response.json(body, { status: 401, headers: { "www-authenticate": challenge, "cache-control": "no-store" } });
}
