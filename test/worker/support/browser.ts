// A browser as far as the server can tell: it keeps cookies, says where its forms come from, and follows no redirect unasked.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { app } from "../../../src/app.ts";
import { signingKey } from "../../../src/fleet/fleet-of.ts";
import { type Account, userIdOf } from "../../../src/lib/account.ts";
import { newHandle, writeHandle } from "../../../src/lib/handle.ts";

export const ORIGIN = "https://codex.example";

/** Settings under which anybody whom the provider vouches for may sign in. */
export const TEAM = {
  OIDC_ISSUER: "https://idp.example",
  OIDC_CLIENT_ID: "codex",
  OIDC_CLIENT_SECRET: "secret of the client",
  ALLOWED_USERS: "*",
} as const;

export type Settings = Partial<Record<string, string>>;

export class Browser {
  readonly origin: string;
  readonly cookies = new Map<string, string>();
  /** As Cloudflare would report it. */
  readonly address = `test-${crypto.randomUUID()}`;
  settings: Settings;

  constructor(settings: Settings = {}, origin = ORIGIN) {
    this.settings = settings;
    this.origin = origin;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(new Request(new URL(path, this.origin), { headers: this.#headers(headers) }));
  }

  /** Sends a form of one of the server's own pages; `headers` say otherwise. */
  post(path: string, fields: Fields = {}, headers: Record<string, string> = {}): Promise<Response> {
    const body = new URLSearchParams(
      Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
    );
    const own = { origin: this.origin, "sec-fetch-site": "same-origin", ...headers };
    return this.#send(new Request(new URL(path, this.origin), { method: "POST", headers: this.#headers(own), body }));
  }

  signIn(password: string = env.OWNER_PASSWORD): Promise<Response> {
    return this.post("/sign-in/password", { password });
  }

  /** As if the sign-in method had vouched for the person. Returns their user id. */
  async signInAs(account: Account): Promise<string> {
    const handle = newHandle(await userIdOf(account));
    const { userId, id, secret } = handle;
    const session = { id, secret, account, expires_at: Date.now() + 3_600_000 };
    await env.DIRECTORY.getByName(userId).openSession(session);
    this.cookies.set("__Host-session", await writeHandle(await signingKey(env.FLEET), "pcx_session", handle));
    return userId;
  }

  /** Somebody whom no other test knows, let in by {@link TEAM}. Returns their user id. */
  signInAsSomebody(): Promise<string> {
    return this.signInAs(somebody());
  }

  #headers(headers: Record<string, string>): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return { host: new URL(this.origin).host, "cf-connecting-ip": this.address, cookie, ...headers };
  }

  async #send(request: Request): Promise<Response> {
    const response = await app.fetch(request, { ...env, ...this.settings }, createExecutionContext());
    for (const header of response.headers.getSetCookie()) this.#keep(header);
    return response;
  }

  #keep(header: string): void {
    const [pair = "", ...attributes] = header.split("; ");
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    if (attributes.includes("Max-Age=0")) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

export function somebody(overrides: { email?: string } = {}): Account {
  const subject = crypto.randomUUID();
  return {
    method: "oidc",
    issuer: TEAM.OIDC_ISSUER,
    subject,
    email: `${subject}@example.com`,
    name: "Ada",
    ...overrides,
  };
}

/** The value of a form's field, unescaped. Throws where there is no such field. */
export function fieldOf(html: string, name: string): string {
  const [, value] = new RegExp(`name="${name}" value="([^"]*)"`).exec(html) ?? [];
  if (value === undefined) throw new Error(`no field ${name} in ${html}`);
  return value.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");
}
