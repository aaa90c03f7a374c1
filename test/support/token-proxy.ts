// Adds a bearer token to requests, for programs that cannot send one. Everything else goes through as it is, Host and Origin too.
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";

export interface TokenProxy {
  port: number;
  close(): void;
}

export async function startTokenProxy(port: number, token: string): Promise<TokenProxy> {
  const server = createServer((request, response) => {
    const { method, url: path, headers } = request;
    const authorization = `Bearer ${token}`;
    const upstream = send(
      { host: "127.0.0.1", port, method, path, headers: { ...headers, authorization } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        pipeline(answer, response, () => {});
      },
    );
    // A client that leaves must be seen to leave by the server.
    response.on("close", () => upstream.destroy());
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, close }; // a TCP server that listens has one
}
