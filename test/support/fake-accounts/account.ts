// One ChatGPT account as OpenAI's servers see it: which of its tokens are good, and what was asked with them.
import { randomBytes, randomUUID } from "node:crypto";

/** How the account is to behave; a test changes it at any time. */
export interface AccountBehaviour {
  email: string;
  plan: string;
  /** Life of the access tokens that are made from now on. */
  access_ttl_s: number;
  /** What the auth server answers to a refresh: tokens, a refusal with this code, a status without one, or nothing at all. */
  refresh: "ok" | "refresh_token_expired" | "refresh_token_invalidated" | "some_other_code" | "hangup" | number;
  refresh_delay_ms: number;
  /** What `codex/responses` answers to a good token. */
  responses: "ok" | "echo" | "gated" | "usage_limit" | "detail" | number;
  /** Base URL of a model API that answers in place of `responses`. */
  model_url: string | null;
  /** Of `wham/accounts/check`; a number is a status. */
  check: "ok" | number;
  workspace_backend_origin: string;
  account_routing_override: string;
  usage_delay_ms: number;
  /** Of the primary window, in all that tells about limits. */
  used_percent: number;
}

export interface ChatGptRequest {
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface AccountRecord {
  /** Refreshes that gave new tokens. */
  refreshes: number;
  /** Uses of a refresh token that had been used before. A real account would be signed out by them. */
  reuses: number;
  client_ids: string[];
  requests: ChatGptRequest[];
}

export interface AuthJson {
  auth_mode: "chatgpt";
  OPENAI_API_KEY: null;
  tokens: { id_token: string; access_token: string; refresh_token: string; account_id: string };
  last_refresh: string;
}

export type Tokens = Pick<AuthJson["tokens"], "id_token" | "access_token" | "refresh_token">;

const DEFAULTS: AccountBehaviour = {
  email: "ada@example.com",
  plan: "plus",
  access_ttl_s: 3_600,
  refresh: "ok",
  refresh_delay_ms: 0,
  responses: "ok",
  model_url: null,
  check: "ok",
  workspace_backend_origin: "https://chatgpt.com",
  account_routing_override: "NO_CONSTRAINT",
  usage_delay_ms: 0,
  used_percent: 12,
};

export class Account {
  readonly id = randomUUID();
  readonly record: AccountRecord = { refreshes: 0, reuses: 0, client_ids: [], requests: [] };
  behaviour: AccountBehaviour;
  #gate = Promise.withResolvers<void>();
  readonly #goodAccess = new Set<string>();
  readonly #goodRefresh = new Set<string>();
  readonly #usedRefresh = new Set<string>();

  constructor(behaviour: Partial<AccountBehaviour>) {
    this.behaviour = { ...DEFAULTS, ...behaviour };
  }

  get released(): Promise<void> {
    return this.#gate.promise;
  }

  release(): void {
    this.#gate.resolve();
  }

  /** As a login leaves it. The tokens are named by their account, so that a token tells whose it is. */
  issue(): Tokens {
    const { email, plan, access_ttl_s } = this.behaviour;
    const auth = { chatgpt_account_id: this.id, chatgpt_plan_type: plan, chatgpt_user_id: "user-1" };
    const claims = { "https://api.openai.com/auth": auth, jti: randomUUID() };
    const tokens = {
      id_token: jwt({ ...claims, email }),
      access_token: jwt({ ...claims, exp: Math.floor(Date.now() / 1_000) + access_ttl_s }),
      refresh_token: `rt.${this.id}.${randomBytes(16).toString("hex")}`,
    };
    this.#goodAccess.add(tokens.access_token);
    this.#goodRefresh.add(tokens.refresh_token);
    return tokens;
  }

  authJson(): AuthJson {
    const tokens = { ...this.issue(), account_id: this.id };
    return { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString() };
  }

  /** Undefined for a token that was used before, or is none of ours. */
  refresh(token: string): Tokens | undefined {
    if (this.#usedRefresh.has(token)) this.record.reuses += 1;
    if (!this.#goodRefresh.delete(token)) return undefined;
    this.#usedRefresh.add(token);
    this.record.refreshes += 1;
    return this.issue();
  }

  accepts(accessToken: string): boolean {
    return this.#goodAccess.has(accessToken);
  }

  /** The access tokens so far are refused from now on. */
  revokeAccess(): void {
    this.#goodAccess.clear();
  }

  /** Whether the refresh token is, or was, one of this account. */
  owns(refreshToken: string): boolean {
    return refreshToken.startsWith(`rt.${this.id}.`);
  }
}

/** Unsigned, as nothing here verifies it. */
function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.${randomBytes(8).toString("hex")}`;
}
