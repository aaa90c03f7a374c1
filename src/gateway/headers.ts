// Which headers pass the model gateway. Allow-lists: what is not named stays behind, the agent's own token first of all.
import type { Credential } from "./credentials.ts";

const TO_UPSTREAM =
  /^(?:accept|content-type|content-encoding|originator|user-agent|session-id|thread-id|x-client-request-id|x-(?:codex|openai)-.+)$/;
const TO_CLIENT = /^(?:content-type|retry-after|x-request-id|openai-.+|x-(?:codex|openai|ratelimit)-.+)$/;

export function upstreamHeaders(incoming: Headers, { authorization }: Credential): Headers {
  const headers = pick(incoming, TO_UPSTREAM);
  headers.set("authorization", authorization);
  return headers;
}

/** Rate limits and model hints come in these. */
export function clientHeaders(upstream: Headers): Headers {
  return pick(upstream, TO_CLIENT);
}

function pick(headers: Headers, allowed: RegExp): Headers {
  return new Headers([...headers].filter(([name]) => allowed.test(name)));
}
