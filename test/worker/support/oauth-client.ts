// An MCP client on its way through OAuth, one step at a time.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as z from "zod";
import { app } from "../../../src/app.ts";
import { toBase64url } from "../../../src/lib/base64url.ts";
import { type Browser, fieldOf, ORIGIN, type Settings } from "./browser.ts";

export const Tokens = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.string(),
  expires_in: z.number(),
  scope: z.string(),
});
export type Tokens = z.infer<typeof Tokens>;

interface Registration {
  client_id: string;
  redirect_uri: string;
}

export class OAuthClient {
  readonly registration: Registration;
  readonly verifier = toBase64url(crypto.getRandomValues(new Uint8Array(32)));
  readonly state = crypto.randomUUID();
  readonly settings: Settings;

  private constructor(registration: Registration, settings: Settings) {
    this.registration = registration;
    this.settings = settings;
  }

  static async register(settings: Settings = {}, metadata: object = {}): Promise<OAuthClient> {
    const redirect_uri = "https://client.example/callback";
    const wanted = {
      client_name: "A client",
      redirect_uris: [redirect_uri],
      token_endpoint_auth_method: "none",
      ...metadata,
    };
    const response = await send("/oauth/register", {
      method: "POST",
      headers: { "content-type": "application/json", "cf-connecting-ip": crypto.randomUUID() },
      body: JSON.stringify(wanted),
      settings,
    });
    const { client_id } = await response.json<{ client_id: string }>();
    if (client_id === undefined) throw new Error(`not registered: ${response.status}`);
    return new OAuthClient({ client_id, redirect_uri: wanted.redirect_uris[0] ?? "" }, settings);
  }

  /** One that needs no registration. */
  static known(registration: Registration, settings: Settings = {}): OAuthClient {
    return new OAuthClient(registration, settings);
  }

  async authorizePath(overrides: Readonly<Record<string, string | undefined>> = {}): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(this.verifier));
    const parameters = {
      response_type: "code",
      ...this.registration,
      scope: "codex:read codex:run",
      state: this.state,
      code_challenge: toBase64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
      resource: `${ORIGIN}/mcp`,
      ...overrides,
    };
    const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return `/authorize?${new URLSearchParams(given)}`;
  }

  /** The browser sees the page and clicks. Returns where it is sent. */
  async consent(browser: Browser, choice: Choice = {}): Promise<URL> {
    const { decision = "approve", scope = ["codex:read", "codex:run"], ...overrides } = choice;
    const page = await browser.get(await this.authorizePath(overrides));
    const html = await page.text();
    const fields = { handle: fieldOf(html, "handle"), user: fieldOf(html, "user"), decision, scope };
    const response = await browser.post("/authorize", fields);
    const location = response.headers.get("location");
    if (location === null) throw new Error(`no redirect: ${response.status} ${await response.text()}`);
    return new URL(location);
  }

  /** The whole way, with a browser that is signed in. */
  async connect(browser: Browser, choice: Choice = {}): Promise<Tokens> {
    const { searchParams } = await this.consent(browser, choice);
    return Tokens.parse(await (await this.redeem(searchParams.get("code") ?? "")).json());
  }

  redeem(code: string, overrides: Readonly<Record<string, string>> = {}): Promise<Response> {
    const { client_id, redirect_uri } = this.registration;
    const { verifier: code_verifier } = this;
    return this.token({ grant_type: "authorization_code", code, client_id, redirect_uri, code_verifier, ...overrides });
  }

  refresh(refresh_token: string, overrides: Readonly<Record<string, string>> = {}, settings = this.settings) {
    const { client_id } = this.registration;
    return this.token({ grant_type: "refresh_token", refresh_token, client_id, ...overrides }, settings);
  }

  token(fields: Readonly<Record<string, string>>, settings = this.settings): Promise<Response> {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams(fields).toString();
    return send("/oauth/token", { method: "POST", headers, body, settings });
  }
}

interface Choice {
  decision?: "approve" | "deny";
  scope?: string[];
  resource?: string;
}

export interface Sent extends RequestInit<RequestInitCfProperties> {
  headers?: Record<string, string>;
  settings?: Settings;
  origin?: string;
}

/** A request that is no browser's. */
export async function send(path: string, { settings = {}, origin = ORIGIN, ...init }: Sent = {}): Promise<Response> {
  const headers = { host: new URL(origin).host, ...init.headers };
  const request = new Request(new URL(path, origin), { ...init, headers });
  return app.fetch(request, { ...env, ...settings }, createExecutionContext());
}

/** What an endpoint says to a bearer of the token: its tools, to whoever may see them. */
export function listTools(token: string, path = "/mcp", settings: Settings = {}, headers: Record<string, string> = {}) {
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
  if (path === "/mcp") return callMcp(token, list, settings, headers);
  return send(path, { headers: { authorization: `Bearer ${token}`, ...headers }, settings });
}

export function callMcp(token: string, message: object, settings: Settings = {}, headers: Record<string, string> = {}) {
  const accept = "application/json, text/event-stream";
  const own = { authorization: `Bearer ${token}`, accept, "content-type": "application/json" };
  const body = JSON.stringify(message);
  return send("/mcp", { method: "POST", headers: { ...own, ...headers }, body, settings });
}
