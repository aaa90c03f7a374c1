// Requests of agents to the model gateway, without the agents' containers.
import { env } from "cloudflare:workers";
import { handleModelRequest } from "../../../src/gateway/gateway.ts";
import { type Agent, inStore, newAgent } from "./agents.ts";

/** An agent that the gateway knows, and what its container would present. */
export interface KnownAgent {
  userId: string;
  agent: Agent;
  token: string;
}

/** Of a user that no other test knows. */
export async function knownAgent(): Promise<KnownAgent> {
  const [agent, userId] = [newAgent(), crypto.randomUUID()];
  return { userId, agent, token: await newStart(agent, userId) };
}

/** As when the agent's container starts again: the token of the new start. */
export async function newStart(agent: Agent, user_id = "owner"): Promise<string> {
  const secret = await inStore(agent, async ({ conversations, incarnations }) => {
    conversations.introduce({ user_id, agent_id: "a1" });
    const prepared = await incarnations.prepare();
    incarnations.begin(prepared);
    return prepared.model_secret;
  });
  return `${agent.id}.${secret}`;
}

export interface Asked {
  token?: string;
  /** Settings that differ from those of the tests' Worker. */
  settings?: Partial<Cloudflare.Env>;
  /** Whom the platform vouches for. */
  containerId?: string;
  url?: string;
  init?: RequestInit;
}

/** POST /v1/responses, unless `init` and `url` say otherwise. */
export function askModel({ token, settings, containerId, url = "http://model.internal/v1/responses", init }: Asked) {
  const headers = new Headers(init?.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  const request = new Request(url, { method: "POST", body: "{}", redirect: "manual", ...init, headers });
  return handleModelRequest(request, { ...env, ...settings }, containerId);
}
