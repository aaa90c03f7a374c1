// The model gateway: the only way from an agent to a model. It knows the agent by the secret of its container's present
// start, adds the credential that the agent never sees, and streams both ways. No body is logged, and no answer is buffered save a short refusal.

import { waitUntil } from "cloudflare:workers";
import { createLogger, type Logger } from "../../container/lib/log.ts";
import { type Config, readConfig } from "../config.ts";
import type { ModelCredential } from "../fleet/credential-types.ts";
import { agentOf, type KnownAgent } from "./agent-token.ts";
import { credentialOf, noteRateLimits, secretOf } from "./credentials.ts";
import { readErrorBody } from "./error-body.ts";
import { clientHeaders } from "./headers.ts";
import { readRateLimits } from "./rate-limits.ts";
import { ReplayableBody } from "./replayable-body.ts";
import { budgetSpent, gatewayFailure, openAiError } from "./responses.ts";
import { Spending } from "./spending.ts";
import { modelIn, send } from "./upstream.ts";

/** Codex's one model provider needs no other path (codex: `wire_api="responses"`). */
const RESPONSES_PATH = /^(?:\/model)?\/v1\/responses$/;
/** Requests are some 50 kB to a few MB; images make longer ones. An isolate has 128 MB for all that it does at once. */
const MAX_REPLAYED_BYTES = 8 * 1024 * 1024;

interface Exchange {
  request: Request;
  env: Cloudflare.Env;
  config: Config;
  agent: KnownAgent;
  spending: Spending;
  log: Logger;
}

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
  const log = createLogger(console.log, config.LOG_LEVEL, { part: "gateway", object: agent.objectId.slice(0, 12) });
  const spending = new Spending(request, agent, env, log);
  const startedAt = Date.now();
  try {
    const response = await forward({ request, env, config, agent, spending, log });
    if (!response.ok) spending.unanswered(false);
    log.debug("model request", { status: response.status, duration_ms: Date.now() - startedAt });
    return response;
  } catch (error) {
    spending.unanswered(request.signal.aborted);
    log.warn("model API unreachable", { error, duration_ms: Date.now() - startedAt });
    return gatewayFailure("model_unreachable");
  }
}

async function forward(exchange: Exchange): Promise<Response> {
  const { request, env, config, agent, spending } = exchange;
  const asked = credentialOf(env, { userId: agent.userId, config });
  const [spent, credential] = await Promise.all([spending.admit(), asked]);
  if (spent !== null) return budgetSpent(spent);
  if (typeof credential === "string") return gatewayFailure(credential);
  if (credential.method === "oauth") return forwardToChatGpt(exchange, credential);
  const upstream = await send({ incoming: request, body: spending.body, model: null }, credential, config);
  return toClient(exchange, upstream, credential);
}

/** A refused login is renewed, and the request sent once more. */
async function forwardToChatGpt(exchange: Exchange, credential: ModelCredential): Promise<Response> {
  const { request, env, config, agent, spending, log } = exchange;
  const body = new ReplayableBody(spending.body, MAX_REPLAYED_BYTES);
  const model = modelIn(await body.head());
  const outgoing = () => ({ incoming: request, body: body.stream(), model });
  const upstream = await send(outgoing(), credential, config);
  if (upstream.status !== 401) {
    body.forget();
    return toClient(exchange, upstream, credential);
  }
  await upstream.body?.cancel();
  log.info("ChatGPT refused the login; it is renewed");
  const renewed = await credentialOf(env, { userId: agent.userId, rejected: credential.id, config });
  if (typeof renewed === "string") return gatewayFailure(renewed);
  if (renewed.id === credential.id) return gatewayFailure("model_auth_failed");
  // Too long to have been kept: Codex sends it again itself.
  if (!body.isReplayable) return gatewayFailure("model_unreachable");
  const again = await send(outgoing(), renewed, config);
  body.forget();
  return toClient(exchange, again, renewed);
}

async function toClient(exchange: Exchange, upstream: Response, credential: ModelCredential): Promise<Response> {
  const { env, agent, spending } = exchange;
  const limits = credential.method === "oauth" ? readRateLimits(upstream.headers) : null;
  if (limits !== null) waitUntil(noteRateLimits(env, agent.userId, credential, limits).catch(() => {}));
  if (upstream.status === 401 || upstream.status === 403) {
    await upstream.body?.cancel();
    return gatewayFailure("model_auth_failed");
  }
  const { status } = upstream;
  const headers = clientHeaders(upstream.headers);
  if (upstream.ok && upstream.body !== null) return new Response(spending.metered(upstream.body), { status, headers });
  const body = status >= 400 ? await readErrorBody(upstream, secretOf(credential)) : upstream.body;
  return new Response(body, { status, headers });
}
