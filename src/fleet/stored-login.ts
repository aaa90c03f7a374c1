// The one refresher of a ChatGPT login that is stored here. A refresh token works once, and each use makes the next: so there is
// one refresh at a time, and its outcome is written down before anybody gets to see it.
//
// Between the auth server's answer and the write lies only the sealing. Where the object dies in that time, or the answer
// is lost on its way, the next refresh meets `refresh_token_reused` and the user is asked to log in again.
import * as z from "zod";
import type { Logger } from "../../container/lib/log.ts";
import { AppError } from "../errors.ts";
import type { ChatGptLogin } from "../lib/auth-file.ts";
import { readToken } from "../lib/jwt.ts";
import { AuthServerError, type NewTokens, refreshTokens } from "../lib/openai-auth.ts";
import { type ChatGptStatus, LoginProblem, RateLimits } from "./credential-types.ts";
import { EXPIRES_SOON_MS, type HeldLogin, type LoginSource, loginNeeded } from "./login-source.ts";
import type { Compartment, Opened, Vault } from "./vault.ts";

export interface StoredLoginOptions {
  vault: Vault;
  authUrl(): string;
  log: Logger;
}

const Secret = z.object({
  access_token: z.string(),
  refresh_token: z.string().nullable(),
  account_id: z.string(),
  client_id: z.string(),
});
const Facts = z.object({
  hint: z.string(),
  email: z.string().nullable(),
  plan: z.string().nullable(),
  connected_at: z.number(),
  expires_at: z.number().nullable(),
  is_renewable: z.boolean(),
  needs_login: LoginProblem.nullable(),
  rate_limits: RateLimits.nullable(),
  /** What the login was made from, where that may change under it: the settings of the server. */
  origin: z.string().nullable(),
});
type Facts = z.infer<typeof Facts>;
type Held = Opened<z.infer<typeof Secret>, Facts>;

const LOGIN: Compartment<z.infer<typeof Secret>, Facts> = { kind: "oauth", secret: Secret, facts: Facts };

/** How long a turn whose access token is still good waits for a new one. */
const PATIENCE_MS = 5_000;
/** After a refresh that failed for now, as long as the access token is still good. */
const PAUSE_MS = 15_000;

export class StoredLogin implements LoginSource {
  readonly #options: StoredLoginOptions;
  #refreshing: Promise<HeldLogin | null> | undefined;
  #pausedUntil = 0;

  constructor(options: StoredLoginOptions) {
    this.#options = options;
  }

  get exists(): boolean {
    return this.origin !== undefined;
  }

  /** Undefined where there is no login. */
  get origin(): string | null | undefined {
    return this.#options.vault.facts(LOGIN)?.facts.origin;
  }

  /** Replaces the login there is. Throws `misconfigured` where it cannot be encrypted. */
  async save(login: ChatGptLogin, origin: string | null = null): Promise<void> {
    const { access_token, refresh_token, account_id, client_id } = login;
    const [access, id] = [readToken(access_token), readToken(login.id_token)];
    const facts: Facts = {
      hint: account_id.slice(-4),
      email: id.email ?? access.email,
      plan: id.plan ?? access.plan,
      connected_at: Date.now(),
      expires_at: access.expires_at,
      is_renewable: refresh_token !== null,
      needs_login: null,
      rate_limits: null,
      origin,
    };
    await this.#options.vault.put(LOGIN, { secret: { access_token, refresh_token, account_id, client_id }, facts });
    this.#pausedUntil = 0;
  }

  /** Throws `credential_unreadable`. */
  async assertReadable(): Promise<void> {
    await this.#options.vault.open(LOGIN);
  }

  remove(): void {
    this.#options.vault.remove(LOGIN.kind);
  }

  async status(): Promise<Omit<ChatGptStatus, "source"> | null> {
    const found = this.#options.vault.facts(LOGIN);
    if (found === undefined) return null;
    const { origin: _, ...facts } = found.facts;
    return facts;
  }

  noteRateLimits(id: string, limits: RateLimits): void {
    const found = this.#options.vault.facts(LOGIN);
    if (found?.id === id) this.#options.vault.putFacts(LOGIN, id, { ...found.facts, rate_limits: limits });
  }

  async current(rejected?: string): Promise<HeldLogin | null> {
    const held = await this.#options.vault.open(LOGIN);
    if (held === undefined) return null;
    const { needs_login, expires_at } = held.facts;
    if (needs_login !== null) throw loginNeeded(needs_login);
    const isRejected = rejected === held.id;
    const leftMs = expires_at === null ? Number.POSITIVE_INFINITY : expires_at - Date.now();
    if (!isRejected && leftMs > EXPIRES_SOON_MS) return toHeld(held);
    const isGood = !isRejected && leftMs > 0;
    if (held.secret.refresh_token === null) {
      return isGood ? toHeld(held) : this.#end(held, isRejected ? "access_token_rejected" : "access_token_expired");
    }
    return isGood ? this.#refreshInTime(held) : this.#refresh(held.id);
  }

  /** The login as it is will do where a new one does not come soon. */
  async #refreshInTime(held: Held): Promise<HeldLogin | null> {
    if (Date.now() < this.#pausedUntil) return toHeld(held);
    const refreshing = this.#refresh(held.id).catch((error: unknown) => {
      if (error instanceof AppError && error.code === "login_needed") throw error;
      return toHeld(held);
    });
    let timer: ReturnType<typeof setTimeout> | null = null;
    const late = new Promise<HeldLogin>((resolve) => {
      timer = setTimeout(() => resolve(toHeld(held)), PATIENCE_MS);
    });
    return Promise.race([refreshing, late]).finally(() => timer !== null && clearTimeout(timer));
  }

  /** Joins the refresh that is under way. `id` is the state that is to be replaced. */
  #refresh(id: string): Promise<HeldLogin | null> {
    this.#refreshing ??= this.#refreshOnce(id).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refreshOnce(id: string): Promise<HeldLogin | null> {
    const { vault, authUrl, log } = this.#options;
    // Whoever asked may have looked before another refresh ended: its token must not be used a second time.
    const held = await vault.open(LOGIN);
    if (held === undefined || held.id !== id) return held === undefined ? null : toHeld(held);
    const { client_id, refresh_token } = held.secret;
    if (refresh_token === null) return toHeld(held);
    let renewed: Awaited<ReturnType<typeof refreshTokens>>;
    try {
      renewed = await refreshTokens(authUrl(), { client_id, refresh_token });
    } catch (error) {
      if (!(error instanceof AuthServerError)) throw error;
      log.warn("ChatGPT login was not refreshed", { error });
      this.#pausedUntil = Date.now() + PAUSE_MS;
      throw unreachable();
    }
    if (typeof renewed === "string") return this.#end(held, renewed);
    return this.#keep(held, renewed);
  }

  async #keep(held: Held, renewed: NewTokens): Promise<HeldLogin | null> {
    const { vault, log } = this.#options;
    const access_token = renewed.access_token ?? held.secret.access_token;
    const secret = { ...held.secret, access_token, refresh_token: renewed.refresh_token ?? held.secret.refresh_token };
    const id = readToken(renewed.id_token ?? null);
    const facts: Facts = {
      ...held.facts,
      rate_limits: vault.facts(LOGIN)?.facts.rate_limits ?? null,
      email: id.email ?? held.facts.email,
      plan: id.plan ?? held.facts.plan,
      expires_at: readToken(access_token).expires_at,
    };
    const newId = await vault.put(LOGIN, { secret, facts }, held.id);
    // Somebody has logged in anew, or removed the login: that stands.
    if (newId === null) {
      const present = await vault.open(LOGIN);
      return present === undefined ? null : toHeld(present);
    }
    log.info("ChatGPT login refreshed", { expires_at: facts.expires_at });
    if (renewed.access_token === undefined) throw unreachable();
    return { id: newId, access_token, account_id: secret.account_id };
  }

  #end(held: Held, problem: LoginProblem): never {
    this.#options.log.warn("ChatGPT login ended", { problem });
    this.#options.vault.putFacts(LOGIN, held.id, { ...held.facts, needs_login: problem });
    throw loginNeeded(problem);
  }
}

function toHeld({ id, secret }: Held): HeldLogin {
  return { id, access_token: secret.access_token, account_id: secret.account_id };
}

function unreachable(): AppError {
  return new AppError(
    "model_unreachable",
    "The ChatGPT login cannot be refreshed at the moment: the auth server does not answer as expected. Try again in a minute.",
  );
}
