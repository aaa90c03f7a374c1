// A ChatGPT access token from the settings that is used as it is, until it runs out: it came without a refresh token, or there is no
// ENCRYPTION_KEY to keep the next one under.
import type { ChatGptLogin } from "../lib/auth-file.ts";
import { readToken } from "../lib/jwt.ts";
import type { ChatGptStatus, LoginProblem, RateLimits } from "./credential-types.ts";
import { type HeldLogin, type LoginSource, loginNeeded } from "./login-source.ts";

export class BareLogin implements LoginSource {
  readonly #login: ChatGptLogin;
  /** Of this state of the settings. */
  readonly #id: string;
  #isRejected = false;
  #limits: RateLimits | null = null;

  constructor(login: ChatGptLogin, id: string) {
    this.#login = login;
    this.#id = id;
  }

  async current(rejected?: string): Promise<HeldLogin> {
    if (rejected === this.#id) this.#isRejected = true;
    const problem = this.#problem();
    if (problem !== null) throw loginNeeded(problem);
    const { access_token, account_id } = this.#login;
    return { id: this.#id, access_token, account_id };
  }

  async status(): Promise<Omit<ChatGptStatus, "source">> {
    const [access, id] = [readToken(this.#login.access_token), readToken(this.#login.id_token)];
    return {
      hint: this.#login.account_id.slice(-4),
      connected_at: null,
      email: id.email ?? access.email,
      plan: id.plan ?? access.plan,
      is_renewable: false,
      expires_at: access.expires_at,
      needs_login: this.#problem(),
      rate_limits: this.#limits,
    };
  }

  noteRateLimits(_id: string, limits: RateLimits): void {
    this.#limits = limits;
  }

  #problem(): LoginProblem | null {
    if (this.#isRejected) return "access_token_rejected";
    const { expires_at } = readToken(this.#login.access_token);
    return expires_at !== null && expires_at <= Date.now() ? "access_token_expired" : null;
  }
}
