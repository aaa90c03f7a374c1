// What the Worker calls on the Durable Objects of sessions. The platform's own stub types do not get through a method that
// returns a Response: the compiler gives up on their depth.
import type { Identity } from "./identity.ts";

/** The part of a `DurableObjectNamespace` that sessions need. */
export interface SessionNamespace<Stub> {
  newUniqueId(): DurableObjectId;
  idFromString(id: string): DurableObjectId;
  get(id: DurableObjectId): Stub;
}

export interface McpSessionStub {
  /** Opens the session with an `initialize` request. `id` is the object's own, as text. */
  open(request: Request, identity: Identity, id: string): Promise<Response>;
  /** Any later request of the session. */
  serve(request: Request, identity: Identity, id: string): Promise<Response>;
}

export interface SseSessionStub {
  /** The event stream. `endpoint` is where the client is to POST its messages. */
  open(identity: Identity, endpoint: string): Promise<Response>;
  /** A message of the client. It is answered on the event stream. */
  receive(request: Request, identity: Identity): Promise<Response>;
}

export interface SessionBindings {
  MCP_SESSION: SessionNamespace<McpSessionStub>;
  SSE_SESSION: SessionNamespace<SseSessionStub>;
}

declare global {
  namespace Cloudflare {
    interface Env extends SessionBindings {}
  }
}
