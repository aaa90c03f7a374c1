// A new ChatGPT login in a browser on this machine, as Codex does it: an authorization code for a page on loopback, with PKCE.
// https://github.com/openai/codex/blob/main/codex-rs/login/src/server.rs
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { exchangeCode, type NewTokens } from "../../lib/openai-auth.ts";

export interface BrowserLoginOptions {
  authUrl: string;
  clientId: string;
  port: number;
  timeoutMs: number;
  /** Shows the page to the user. */
  open(url: string): void;
}

const CALLBACK = "/auth/callback";
const SCOPE = "openid profile email offline_access api.connectors.read api.connectors.invoke";

/** Rejects with what to do where there is no login in time. */
export async function loginInBrowser(options: BrowserLoginOptions): Promise<NewTokens> {
  const { authUrl, clientId: client_id, port } = options;
  const code_verifier = randomBytes(48).toString("base64url");
  const state = randomBytes(24).toString("base64url");
  const redirect_uri = `http://127.0.0.1:${port}${CALLBACK}`;
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri,
    scope: SCOPE,
    code_challenge: createHash("sha256").update(code_verifier).digest("base64url"),
    code_challenge_method: "S256",
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    state,
    originator: "codex_cli_rs",
  });
  const code = await receiveCode(options, state, `${authUrl}/oauth/authorize?${query}`);
  const tokens = await exchangeCode(authUrl, { client_id, code, code_verifier, redirect_uri });
  if (tokens === null) throw new Error("OpenAI refused the login. Start it again.");
  return tokens;
}

/** Listens for the one request that the sign-in page ends with. */
async function receiveCode(
  { port, timeoutMs, open }: BrowserLoginOptions,
  state: string,
  page: string,
): Promise<string> {
  const received = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
    const code = searchParams.get("code");
    // Another page could send a code of its own, and so a login of its own.
    if (pathname !== CALLBACK || searchParams.get("state") !== state)
      return say(response, 404, "There is nothing here.");
    if (code === null) {
      received.reject(new Error("The login was refused in the browser."));
      return say(response, 400, "The login was refused. You can close this page.");
    }
    received.resolve(code);
    return say(response, 200, "You are logged in. You can close this page.");
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((cause: unknown) => {
    throw new Error(`Port ${port} is in use. Choose another one with OAUTH_CALLBACK_PORT, or use --device.`, { cause });
  });
  const late = `Nobody logged in within ${timeoutMs / 1_000} s. Try again, with a longer OAUTH_CALLBACK_TIMEOUT or with --device.`;
  const timer = setTimeout(() => received.reject(new Error(late)), timeoutMs);
  try {
    open(page);
    return await received.promise;
  } finally {
    clearTimeout(timer);
    server.close();
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" }).end(`${text}\n`);
}
