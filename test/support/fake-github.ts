// As much of GitHub as a sign-in meets: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps.
// Whoever comes is who the `login` parameter says; a login that begins with `unverified` has no verified address.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { GITHUB_CLIENT } from "./identity-clients.ts";

interface Authorization {
  login: string;
  challenge: string;
}

export async function startFakeGithub() {
  const codes = new Map<string, Authorization>();
  const tokens = new Map<string, string>();
  const server = createServer((request, response) => {
    serve(request, response, { codes, tokens }).catch(() => response.writeHead(500).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // a TCP server that listens has one
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { codes, tokens }: { codes: Map<string, Authorization>; tokens: Map<string, string> },
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://github");
  const json = (body: unknown, status = 200): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  if (pathname === "/login/oauth/authorize") {
    const code = crypto.randomUUID();
    codes.set(code, { login: searchParams.get("login") ?? "", challenge: searchParams.get("code_challenge") ?? "" });
    const back = new URL(searchParams.get("redirect_uri") ?? "");
    back.search = new URLSearchParams({ code, state: searchParams.get("state") ?? "" }).toString();
    return void response.writeHead(302, { location: back.href }).end();
  }
  if (pathname === "/login/oauth/access_token") {
    const form = new URLSearchParams(await text(request));
    const known = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isClient = form.get("client_id") === GITHUB_CLIENT.id && form.get("client_secret") === GITHUB_CLIENT.secret;
    // GitHub says what is wrong with status 200.
    if (known === undefined || !isClient || known.challenge !== challenge)
      return json({ error: "bad_verification_code" });
    const access_token = `gho_${crypto.randomUUID()}`;
    tokens.set(access_token, known.login);
    return json({ access_token, token_type: "bearer", scope: "user:email" });
  }
  const login = tokens.get((request.headers.authorization ?? "").replace("Bearer ", ""));
  if (login === undefined) return json({ message: "Bad credentials" }, 401);
  if (pathname === "/api/user")
    return json({ id: [...login].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % 1e9, login });
  if (pathname !== "/api/user/emails") return json({ message: "Not Found" }, 404);
  const verified = !login.startsWith("unverified");
  json([
    { email: "second@else.example", primary: false, verified: true },
    { email: `${login.toLowerCase()}@example.com`, primary: true, verified },
  ]);
}
