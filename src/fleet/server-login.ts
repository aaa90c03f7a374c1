// The ChatGPT login of the whole server, from its settings. One object has it: the directory of a user that cannot exist, so that
// its refresh token has one refresher as any other.
import type { Config } from "../config.ts";
import type { ChatGptLogin } from "../lib/auth-file.ts";
import { BareLogin } from "./bare-login.ts";
import type { ChatGptStatus, RateLimits } from "./credential-types.ts";
import { LocalLogin } from "./local-login.ts";
import type { HeldLogin, LoginSource } from "./login-source.ts";
import type { StoredLogin } from "./stored-login.ts";
import type { Vault } from "./vault.ts";

/** A user id never holds a slash. */
export const SERVER_DIRECTORY = "/server";

type LoginSettings = Pick<Config, "CHATGPT_OAUTH_TOKEN" | "LOCAL_LOGIN_URL" | "LOCAL_LOGIN_TOKEN">;

export function hasServerLogin({ CHATGPT_OAUTH_TOKEN, LOCAL_LOGIN_URL }: LoginSettings): boolean {
  return CHATGPT_OAUTH_TOKEN !== undefined || LOCAL_LOGIN_URL !== undefined;
}

export class ServerLogin implements LoginSource {
  readonly #settings: () => LoginSettings;
  readonly #stored: StoredLogin;
  readonly #vault: Vault;
  #seeding: Promise<void> | undefined;
  #unstored: { key: string; source: LoginSource } | undefined;

  constructor(settings: () => LoginSettings, stored: StoredLogin, vault: Vault) {
    this.#settings = settings;
    this.#stored = stored;
    this.#vault = vault;
  }

  async current(rejected?: string): Promise<HeldLogin | null> {
    return (await this.#source())?.current(rejected) ?? null;
  }

  async status(): Promise<Omit<ChatGptStatus, "source"> | null> {
    return (await this.#source())?.status() ?? null;
  }

  noteRateLimits(id: string, limits: RateLimits): void {
    (this.#unstored?.source ?? this.#stored).noteRateLimits(id, limits);
  }

  async #source(): Promise<LoginSource | null> {
    const { CHATGPT_OAUTH_TOKEN: login, LOCAL_LOGIN_URL: url, LOCAL_LOGIN_TOKEN: token } = this.#settings();
    if (login !== undefined) return this.#fromSettings(login);
    if (url !== undefined && token !== undefined) return this.#keep(url, () => new LocalLogin(url, token));
    return null;
  }

  async #fromSettings(login: ChatGptLogin): Promise<LoginSource> {
    const origin = await fingerprint(login);
    if (login.refresh_token === null || !this.#vault.canSeal) {
      return this.#keep(origin, () => new BareLogin(login, origin));
    }
    this.#unstored = undefined;
    await this.#seed(login, origin);
    return this.#stored;
  }

  /**
   * Stores the login where the stored one was made from another: the settings were changed since. One at a time: a second
   * one would put back a refresh token that is being spent.
   */
  #seed(login: ChatGptLogin, origin: string): Promise<void> {
    this.#seeding ??= (async () => {
      if (this.#stored.origin !== origin) await this.#stored.save(login, origin);
    })().finally(() => {
      this.#seeding = undefined;
    });
    return this.#seeding;
  }

  #keep(key: string, create: () => LoginSource): LoginSource {
    if (this.#unstored?.key !== key) this.#unstored = { key, source: create() };
    return this.#unstored.source;
  }
}

/** The settings hold the first refresh token for ever; what is stored has moved on from there. */
async function fingerprint({ refresh_token, access_token }: ChatGptLogin): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(refresh_token ?? access_token));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
