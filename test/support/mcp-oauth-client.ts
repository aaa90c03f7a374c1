// The official client as a desktop app uses it: registers itself, opens a browser, and listens on loopback for the code.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type OAuthClientProvider, UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";

export class DesktopApp implements OAuthClientProvider {
  readonly redirectUrl: string;
  readonly clientMetadata;
  #tokens: OAuthTokens | undefined;
  readonly #server: Server;
  readonly #code = Promise.withResolvers<string>();
  readonly #opened = Promise.withResolvers<URL>();
  #registration: OAuthClientInformationMixed | undefined;
  #verifier = "";

  private constructor(server: Server, name: string) {
    this.#server = server;
    this.redirectUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`; // a TCP server that listens has one
    this.clientMetadata = {
      client_name: name,
      redirect_uris: [this.redirectUrl],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    };
    server.on("request", (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", this.redirectUrl);
      if (pathname !== "/callback") return void response.writeHead(404).end();
      const code = searchParams.get("code");
      response.writeHead(200, { "content-type": "text/html" }).end("<title>Back in the app</title>You can close this.");
      if (code !== null) this.#code.resolve(code);
      else this.#code.reject(new Error(`refused: ${searchParams.get("error")}`));
    });
    this.#code.promise.catch(() => {});
  }

  static async start(name: string): Promise<DesktopApp> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new DesktopApp(server, name);
  }

  /** Resolves to a client that is connected, once somebody has been through {@link opened}. */
  async connect(url: URL): Promise<Client> {
    const first = this.#transport(url);
    try {
      return await this.#client(first);
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
    }
    await first.finishAuth(await this.#code.promise);
    return this.#client(this.#transport(url));
  }

  /** Where the app sends the user's browser. */
  get opened(): Promise<URL> {
    return this.#opened.promise;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #transport(url: URL): StreamableHTTPClientTransport {
    return new StreamableHTTPClientTransport(url, { authProvider: this });
  }

  async #client(transport: StreamableHTTPClientTransport): Promise<Client> {
    const client = new Client({ name: "desktop-app", version: "1.0.0" });
    // The cast: the SDK's own transports do not fit its own interface under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    return client;
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#registration;
  }
  saveClientInformation(registration: OAuthClientInformationMixed): void {
    this.#registration = registration;
  }
  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }
  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }
  redirectToAuthorization(url: URL): void {
    this.#opened.resolve(url);
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
}
