// Whose session it is. A session id is no credential: it works only together with a token of the user and the client that opened it.
import type { Identity } from "./identity.ts";

/** Without scopes: those are the present token's own, so that a session never gives more than the token that uses it. */
export interface SessionOwner {
  user_id: string;
  client_id: string;
}

export function toOwner({ userId, clientId }: Identity): SessionOwner {
  return { user_id: userId, client_id: clientId };
}

export function isOwner(owner: SessionOwner, { userId, clientId }: Identity): boolean {
  return owner.user_id === userId && owner.client_id === clientId;
}

/** One answer for a session that never was, has ended or is another user's, so that nobody learns which ids exist. */
export function sessionNotFound(): Response {
  const error = { code: -32_001, message: "Session not found" };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
}
