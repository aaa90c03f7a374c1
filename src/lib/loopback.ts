const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a URL's host name can only be this machine. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.has(hostname);
}
