// How long this isolate has been serving. The clock stands still outside of requests, so the first request starts it.
// https://developers.cloudflare.com/workers/reference/security-model/#step-1-disallow-timers-and-multi-threading
let firstRequestAt: number | undefined;

export function markRequest(): void {
  firstRequestAt ??= Date.now();
}

/** Seconds since the first request of this isolate; another isolate of the same deployment has an age of its own. */
export function isolateAgeSeconds(): number {
  markRequest();
  return Math.floor((Date.now() - (firstRequestAt ?? 0)) / 1_000);
}
