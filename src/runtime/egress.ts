// The way out of a container: every HTTP and HTTPS request but those to the model gateway comes here, and leaves only where the agent's
// Durable Object says so. Both bodies stream. Nothing of ours is added, and nothing is followed: a redirect is the container's to take,
// as a request of its own.
// https://developers.cloudflare.com/containers/configuration/outbound-traffic/
import type { Logger } from "../../container/lib/log.ts";
import { noAnswer, notNow, refusal } from "./egress-answers.ts";
import { type Destination, destinationOf, type EgressVerdict } from "./egress-destination.ts";

/** Rejects where it cannot be asked; then nothing leaves. */
export type EgressJudge = (destination: Destination) => Promise<EgressVerdict>;

/** Of one connection (RFC 9110 §7.6.1), what the new URL says anew, and what Cloudflare says of who sent a request. */
const LEFT_BEHIND =
  /^(?:connection|keep-alive|proxy-.+|te|trailer|transfer-encoding|upgrade|host|expect|cf-.+|x-real-ip|x-forwarded-.+)$/;

export async function handleEgress(request: Request, judge: EgressJudge, log: Logger): Promise<Response> {
  const destination = destinationOf(request);
  try {
    const verdict = await judge(destination);
    if (!verdict.allowed) return refusal(destination, verdict.reason);
  } catch (error) {
    log.warn("egress could not be judged", { host: destination.name, error });
    return notNow(destination);
  }
  try {
    return await forward(request, destination);
  } catch (error) {
    log.info("egress failed", { host: destination.name, error });
    return noAnswer(destination);
  }
}

function forward(request: Request, { host }: Destination): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  return fetch(`https://${host}${pathname}${search}`, {
    method: request.method,
    headers: forwardedHeaders(request.headers),
    body: request.body,
    redirect: "manual",
    signal: request.signal,
    // Else Cloudflare's cache might hand one agent what another one was allowed to see.
    cf: { cacheTtl: -1 },
  });
}

function forwardedHeaders(headers: Headers): Headers {
  const named = new Set((headers.get("connection") ?? "").toLowerCase().split(/[\s,]+/));
  return new Headers([...headers].filter(([name]) => !LEFT_BEHIND.test(name) && !named.has(name)));
}
