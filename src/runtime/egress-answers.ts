// What a container's program hears in place of a host's answer. git shows the body, pip and others the words beside the status.
import type { Destination } from "./egress-destination.ts";

/** `reason`: the end of a sentence. */
export function refusal({ name }: Pick<Destination, "name">, reason: string): Response {
  const text = `This server lets no request out to ${name}: ${reason}. Its setting EGRESS_ALLOWED_HOSTS names the hosts that tools which write may reach.`;
  return answer(403, "Forbidden by EGRESS_ALLOWED_HOSTS", text);
}

/** It could not be found out whether the request may leave. */
export function notNow({ name }: Destination): Response {
  return answer(503, "Not now", `${name} cannot be reached at the moment. Try again.`);
}

export function noAnswer({ name }: Destination): Response {
  return answer(502, "Bad Gateway", `${name} does not answer.`);
}

function answer(status: number, statusText: string, text: string): Response {
  return new Response(`${text}\n`, { status, statusText, headers: { "content-type": "text/plain; charset=utf-8" } });
}
