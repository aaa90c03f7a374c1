// The model gateway: the only way from an agent to a model. It knows the agent by the secret of its container's present
// start, adds the credential that the agent never sees, and streams both ways. No body is logged, and no answer is buffered save a short refusal.

import { createLogger } from "../../container/lib/log.ts";
import { readConfig } from "../config.ts";
import { agentOf } from "./agent-token.ts";
import { type Credential, chooseCredential } from "./credentials.ts";
import { readErrorBody } from "./error-body.ts";
import { clientHeaders, upstreamHeaders } from "./headers.ts";
import { gatewayFailure, openAiError } from "./responses.ts";

/** Codex's one model provider needs no other path (codex: `wire_api="responses"`). */
const RESPONSES_PATH = /^(?:\/model)?\/v1\/responses$/;

/**
 * `containerId` is the Durable Object's id where the platform vouches for the sender (an intercepted request of a
 * container), else undefined: then the token alone names the agent.
 */
export async function handleModelRequest(
  request: Request,
  env: Cloudflare.Env,
  containerId?: string,
): Promise<Response> {
  const config = readConfig(env);
  if (request.method !== "POST" || !RESPONSES_PATH.test(new URL(request.url).pathname)) {
    return openAiError(404, "not_found", "The model gateway serves POST /v1/responses only.");
  }
  const agent = await agentOf(request, env, containerId);
  if (agent === null) return openAiError(401, "unauthorized", "The model gateway does not know this agent.");
  const credential = chooseCredential(config);
  if (credential === null) return gatewayFailure(400, "no_credential");
  const log = createLogger(console.log, config.LOG_LEVEL, { part: "gateway", object: agent.objectId.slice(0, 12) });
  const startedAt = Date.now();
  try {
    const upstream = await fetch(`${config.OPENAI_BASE_URL}/responses`, {
      method: "POST",
      headers: upstreamHeaders(request.headers, credential),
      body: request.body,
      redirect: "manual",
      signal: request.signal,
    });
    log.debug("model request", { status: upstream.status, duration_ms: Date.now() - startedAt });
    return await toClient(upstream, credential);
  } catch (error) {
    log.warn("model API unreachable", { error, duration_ms: Date.now() - startedAt });
    return gatewayFailure(503, "model_unreachable");
  }
}

async function toClient(upstream: Response, credential: Credential): Promise<Response> {
  if (upstream.status === 401 || upstream.status === 403) {
    await upstream.body?.cancel();
    return gatewayFailure(400, "model_auth_failed");
  }
  const { status } = upstream;
  const body = status >= 400 ? await readErrorBody(upstream, credential) : upstream.body;
  return new Response(body, { status, headers: clientHeaders(upstream.headers) });
}
