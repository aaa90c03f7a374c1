// Who is asking the model gateway: `Authorization: Bearer <Durable Object id>.<secret of the container's present start>`.

const TOKEN = /^Bearer ([0-9a-f]{64})\.([0-9a-f]{64})$/;

export interface KnownAgent {
  objectId: string;
  userId: string;
  /** The turn that it works on; null where it has none. */
  turnId: string | null;
}

/** Null for anything that is not the token of a running agent; the reason is not told. */
export async function agentOf(request: Request, env: Cloudflare.Env, containerId?: string): Promise<KnownAgent | null> {
  const [, objectId, secret] = TOKEN.exec(request.headers.get("authorization") ?? "") ?? [];
  if (objectId === undefined || secret === undefined) return null;
  if (containerId !== undefined && containerId !== objectId) return null;
  const id = parseId(env.CODEX_AGENT, objectId);
  if (id === undefined) return null;
  const owner = await env.CODEX_AGENT.get(id).authorizeModelRequest(secret);
  return owner === null ? null : { objectId, userId: owner.user_id, turnId: owner.turn_id };
}

/** An id of another namespace, or a made-up one, is refused by the platform before any object is made. */
function parseId(namespace: Cloudflare.Env["CODEX_AGENT"], text: string): DurableObjectId | undefined {
  try {
    return namespace.idFromString(text);
  } catch {
    return undefined;
  }
}
