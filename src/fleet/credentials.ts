// The Codex credentials of one user: what there is, which one turns use, and how it stands.
import type { Logger } from "../../container/lib/log.ts";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { readAuthFile } from "../lib/auth-file.ts";
import { withTimeout } from "../lib/idle-timeout.ts";
import { SealKeys } from "../lib/seal.ts";
import { ChatGptAccounts } from "./chatgpt-account.ts";
import { type Choice, chooseCredential } from "./choose-credential.ts";
import { CredentialStore } from "./credential-store.ts";
import type {
  ApiKeyStatus,
  ChatGptStatus,
  CredentialMethod,
  CredentialStatus,
  LoginProblem,
  ModelCredential,
  ModelCredentialRequest,
  RateLimits,
} from "./credential-types.ts";
import { DeviceLogins } from "./device-logins.ts";
import { type LoginSource, loginNeeded } from "./login-source.ts";
import { hasServerLogin, ServerLogin } from "./server-login.ts";
import { StoredKey } from "./stored-key.ts";
import { StoredLogin } from "./stored-login.ts";
import { Vault } from "./vault.ts";

export interface CredentialsOptions {
  sql: SqlStorage;
  /** The user's id. */
  owner: string;
  config(): Config;
  log: Logger;
  /** The server's ChatGPT login, in the object that has it. */
  server: {
    credential(request: ModelCredentialRequest): Promise<ModelCredential | null>;
    status(): Promise<ChatGptStatus | null>;
  };
}

/** Limits that are older than this are asked for anew when somebody looks. */
const LIMITS_KNOWN_FOR_MS = 5 * 60_000;
/** Whoever looks does not wait for a slow ChatGPT. */
const LIMITS_TIMEOUT_MS = 1_500;
const SERVER_KEY_ID = "server-api-key";

export class Credentials {
  readonly deviceLogins: DeviceLogins;
  readonly #options: CredentialsOptions;
  readonly #key: StoredKey;
  readonly #login: StoredLogin;
  readonly #serverLogin: ServerLogin;
  readonly #accounts: ChatGptAccounts;

  constructor(options: CredentialsOptions) {
    const { sql, owner, config, log } = options;
    this.#options = options;
    const authUrl = () => config().OPENAI_AUTH_URL;
    const keys = () => new SealKeys(config().ENCRYPTION_KEY ?? []);
    const vault = new Vault({ store: new CredentialStore(sql), keys, owner });
    this.#key = new StoredKey(vault);
    this.#login = new StoredLogin({ vault, authUrl, log });
    this.#serverLogin = new ServerLogin(config, this.#login, vault);
    this.#accounts = new ChatGptAccounts(() => config().CHATGPT_BASE_URL);
    this.deviceLogins = new DeviceLogins({ vault, authUrl, log, connect: (login) => this.#login.save(login) });
  }

  async saveApiKey(key: unknown): Promise<void> {
    await this.#key.save(key);
  }

  async saveChatGptLogin(authJson: unknown): Promise<void> {
    const file = readAuthFile(authJson);
    if (file.method !== "oauth") {
      throw new AppError(
        "invalid_input",
        "This auth.json holds an API key and no ChatGPT login. Save it as an API key.",
      );
    }
    await this.#login.save(file.login);
  }

  /** Also a device login that waits. */
  remove(method: CredentialMethod): void {
    if (method === "api_key") {
      this.#key.remove();
      return;
    }
    this.#login.remove();
    this.deviceLogins.cancel();
  }

  /** Throws `no_credential`, `login_needed`, `credential_unreadable`, or `model_unreachable`. */
  async forModel(request: ModelCredentialRequest): Promise<ModelCredential> {
    const choice = this.#choose();
    const credential = choice && (await this.#take(choice, request));
    if (credential !== null) return credential;
    throw noCredential();
  }

  /** In the server's own object: its login. */
  serverCredential({ rejected }: ModelCredentialRequest): Promise<ModelCredential | null> {
    return this.#takeLogin(this.#serverLogin, "server", rejected);
  }

  /** In the server's own object. Every user gets to see it, so it does not say whose login it is. */
  async serverStatus(): Promise<ChatGptStatus | null> {
    const status = await this.#statusOf(this.#serverLogin, "server");
    return status && { ...status, email: null };
  }

  noteRateLimits(id: string, limits: RateLimits): void {
    this.#login.noteRateLimits(id, limits);
  }

  /** In the server's own object. */
  noteServerRateLimits(id: string, limits: RateLimits): void {
    this.#serverLogin.noteRateLimits(id, limits);
  }

  async status(): Promise<CredentialStatus> {
    const in_use = this.#choose();
    const isServers = (method: CredentialMethod) => in_use?.source === "server" && in_use.method === method;
    const [own, servers, device_login] = await Promise.all([
      this.#statusOf(this.#login, "own"),
      isServers("oauth") ? this.#options.server.status() : null,
      // One that cannot be decrypted is of no use; it takes a new one's place.
      this.deviceLogins.pending().catch(ifExpected(() => null)),
    ]);
    const api_key = this.#keyStatus(isServers("api_key"));
    const needs_login = (in_use?.source === "server" ? servers : own)?.needs_login ?? null;
    const problem = await this.#check(in_use, needs_login).then(() => null, ifExpected(toProblem));
    return { in_use, problem, api_key, oauth: own ?? servers, device_login };
  }

  /** Throws what a turn would fail with, as far as that can be known without asking anybody. */
  async #check(choice: Choice | null, needsLogin: LoginProblem | null): Promise<void> {
    if (choice === null) throw noCredential();
    if (choice.method === "oauth" && needsLogin !== null) throw loginNeeded(needsLogin);
    if (choice.source === "server") return;
    if (choice.method === "oauth") await this.#login.assertReadable();
    else await this.#key.current();
  }

  #choose(): Choice | null {
    const config = this.#options.config();
    return chooseCredential(config, {
      own: { oauth: this.#login.exists, api_key: this.#key.exists },
      server: { oauth: hasServerLogin(config), api_key: config.OPENAI_API_KEY !== undefined },
    });
  }

  async #take({ method, source }: Choice, request: ModelCredentialRequest): Promise<ModelCredential | null> {
    if (method === "oauth") {
      return source === "own"
        ? this.#takeLogin(this.#login, source, request.rejected)
        : this.#options.server.credential(request);
    }
    const { OPENAI_API_KEY: servers } = this.#options.config();
    if (source === "server")
      return servers === undefined ? null : { method, source, id: SERVER_KEY_ID, api_key: servers };
    const own = await this.#key.current();
    return own && { method, source, ...own };
  }

  async #takeLogin(
    from: LoginSource,
    source: "own" | "server",
    rejected: string | undefined,
  ): Promise<ModelCredential | null> {
    const login = await from.current(rejected);
    if (login === null) return null;
    const { id, access_token, account_id } = login;
    return { method: "oauth", source, id, access_token, account_id, ...(await this.#accounts.routeOf(login)) };
  }

  #keyStatus(isServers: boolean): ApiKeyStatus | null {
    const own = this.#key.status();
    if (own !== null) return { ...own, source: "own" };
    const { OPENAI_API_KEY: servers } = this.#options.config();
    if (!isServers || servers === undefined) return null;
    return { source: "server", hint: "", connected_at: null };
  }

  async #statusOf(from: LoginSource, source: "own" | "server"): Promise<ChatGptStatus | null> {
    const status = await from.status();
    if (status === null) return null;
    const rate_limits = status.needs_login === null ? await this.#limits(from, status.rate_limits) : status.rate_limits;
    return { ...status, source, rate_limits };
  }

  /** Asks ChatGPT where nothing is known, or not lately. What comes too late shows the next time. */
  async #limits(from: LoginSource, known: RateLimits | null): Promise<RateLimits | null> {
    if (known !== null && known.noted_at > Date.now() - LIMITS_KNOWN_FOR_MS) return known;
    return withTimeout(this.#askLimits(from), LIMITS_TIMEOUT_MS)
      .catch(() => null)
      .then((told) => told ?? known);
  }

  async #askLimits(from: LoginSource): Promise<RateLimits | null> {
    const login = await from.current();
    const told = login && (await this.#accounts.limitsOf(login));
    if (login !== null && told !== null) from.noteRateLimits(login.id, told);
    return told;
  }
}

function noCredential(): AppError {
  return new AppError(
    "no_credential",
    "There is no OpenAI credential. Connect ChatGPT or an API key on the account page, or set OPENAI_API_KEY.",
  );
}

function toProblem({ code, message }: AppError): CredentialStatus["problem"] {
  return { code, message };
}

/** A handler of rejections; what nobody expects is thrown on. */
function ifExpected<T>(handle: (error: AppError) => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof AppError) return handle(error);
    throw error;
  };
}
