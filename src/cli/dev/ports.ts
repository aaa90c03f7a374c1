// Ports on loopback.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Also where only IPv6 uses it: clients take `localhost` for either address. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, "::1"));
}

/** The first free port above `port`, for a suggestion. */
export async function nextFreePort(port: number): Promise<number> {
  for (let candidate = port + 1; candidate <= 65_535; candidate++) if (await isPortFree(candidate)) return candidate;
  return freePort();
}

/** Below the ports that systems take for outgoing connections (Linux 32768, others 49152), so it stays free until it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (await isPortFree(port)) return port;
  }
}

/** True where the machine does not have the address at all. */
function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT");
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
