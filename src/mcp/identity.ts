// Who a request is from, as the Worker found out from its token. It travels with every single request in the SDK's
// AuthInfo: no session keeps it, and nothing that a client sends can stand in for it.
import type { AuthInfo, ServerContext } from "@modelcontextprotocol/server";

export interface Identity {
  userId: string;
  clientId: string;
  scopes: readonly string[];
  /** Where people and clients reach this server. */
  origin: string;
  /** Of this one request. */
  correlationId: string;
}

export function toAuthInfo(identity: Identity): AuthInfo {
  // Without the token: it has been checked, and no tool has any use for it.
  const { clientId, scopes, origin } = identity;
  const resourceMetadataUrl = `${origin}/.well-known/oauth-protected-resource/mcp`;
  return { token: "", clientId, scopes: [...scopes], resourceMetadataUrl, extra: { identity } };
}

/** Throws where the request did not come through {@link toAuthInfo}: there is no caller by default. */
export function identityOf(ctx: ServerContext): Identity {
  const identity = ctx.http?.authInfo?.extra?.identity;
  if (identity === undefined) throw new Error("an MCP request has come without an identity");
  return identity as Identity; // only toAuthInfo writes it
}
