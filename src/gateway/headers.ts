// Which headers pass the model gateway. Allow-lists: what is not named stays behind, the agent's own token first of all.
import type { ModelCredential } from "../fleet/credential-types.ts";
import { chatGptHeaders } from "../lib/chatgpt-headers.ts";

const TO_UPSTREAM =
  /^(?:accept|content-type|content-encoding|originator|user-agent|session-id|thread-id|x-client-request-id|x-(?:codex|openai)-.+)$/;
const TO_CLIENT = /^(?:content-type|retry-after|x-request-id|openai-.+|x-(?:codex|openai|ratelimit)-.+)$/;
const ROUTING_HINT = "x-codex-routing-hint";
const ROUTING_OVERRIDE = "x-openai-account-routing-override";

/** `model` is the one that the request is for, where it is known. */
export function upstreamHeaders(incoming: Headers, credential: ModelCredential, model: string | null): Headers {
  const headers = pick(incoming, TO_UPSTREAM);
  if (credential.method === "api_key") {
    headers.set("authorization", `Bearer ${credential.api_key}`);
    return headers;
  }
  headers.set("accept", "text/event-stream");
  for (const [name, value] of Object.entries(chatGptHeaders(credential))) headers.set(name, value);
  // Where a request goes is not for an agent to say.
  setOrDelete(headers, ROUTING_OVERRIDE, credential.routing_override);
  setOrDelete(headers, ROUTING_HINT, model && `model=${model}`);
  return headers;
}

/** Rate limits and model hints come in these. */
export function clientHeaders(upstream: Headers): Headers {
  return pick(upstream, TO_CLIENT);
}

function pick(headers: Headers, allowed: RegExp): Headers {
  return new Headers([...headers].filter(([name]) => allowed.test(name)));
}

function setOrDelete(headers: Headers, name: string, value: string | null): void {
  if (value === null) headers.delete(name);
  else headers.set(name, value);
}
