/** Above the longest prompt that Codex takes. The SDK tells revisions apart in the first 4 MiB, so it cannot be more. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Between comments on a silent stream: below the idle limits of the proxies on the way. */
export const KEEPALIVE_MS = 15_000;
