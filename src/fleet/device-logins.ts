// Device login: the user types a code at OpenAI's page, and no browser needs to come back here. Kept in the database, so that
// it survives the object's sleep between two polls.
import * as z from "zod";
import type { Logger } from "../../container/lib/log.ts";
import { AppError } from "../errors.ts";
import { type ChatGptLogin, CODEX_CLIENT_ID, readAuthFile } from "../lib/auth-file.ts";
import { AuthServerError, exchangeCode, pollDeviceCode, startDeviceCode } from "../lib/openai-auth.ts";
import type { DeviceLogin, DevicePoll } from "./credential-types.ts";
import type { Compartment, Opened, Vault } from "./vault.ts";

export interface DeviceLoginOptions {
  vault: Vault;
  authUrl(): string;
  log: Logger;
  /** The user has agreed. */
  connect(login: ChatGptLogin): Promise<void>;
}

const Secret = z.object({ device_auth_id: z.string(), user_code: z.string() });
const Facts = z.object({
  verification_url: z.string(),
  interval_s: z.number(),
  expires_at: z.number(),
  polled_at: z.number(),
});
type Pending = Opened<z.infer<typeof Secret>, z.infer<typeof Facts>>;

const PENDING: Compartment<z.infer<typeof Secret>, z.infer<typeof Facts>> = {
  kind: "device_login",
  secret: Secret,
  facts: Facts,
};
/** As long as the auth server takes the code. */
const LIFETIME_MS = 15 * 60_000;
/** The auth server counts requests of the whole deployment: one user must not use them up. */
const MAX_STARTS_PER_MINUTE = 5;
const MINUTE_MS = 60_000;

export class DeviceLogins {
  readonly #options: DeviceLoginOptions;
  #polling: Promise<DevicePoll> | undefined;
  /** How the last one ended: a second page that polls gets to know it too. */
  #ended: DevicePoll | undefined;
  /** Unix times in ms. */
  #starts: number[] = [];

  constructor(options: DeviceLoginOptions) {
    this.#options = options;
  }

  /** Takes the place of one that waits. Throws `misconfigured`, `busy`, or `model_unreachable`. */
  async start(): Promise<DeviceLogin> {
    const { vault, authUrl, log } = this.#options;
    this.#countStart();
    const { device_auth_id, user_code, interval_s } = await startDeviceCode(authUrl(), CODEX_CLIENT_ID).catch(
      (error) => {
        if (!(error instanceof AuthServerError)) throw error;
        log.warn("device login did not start", { error });
        throw new AppError(
          "model_unreachable",
          "OpenAI's auth server does not start a device login. Try again in a minute.",
        );
      },
    );
    const facts = {
      verification_url: `${authUrl()}/codex/device`,
      interval_s,
      expires_at: Date.now() + LIFETIME_MS,
      polled_at: 0,
    };
    this.#ended = undefined;
    await vault.put(PENDING, { secret: { device_auth_id, user_code }, facts });
    return toDeviceLogin({ secret: { user_code }, facts });
  }

  /** Null where none waits. */
  async pending(): Promise<DeviceLogin | null> {
    const found = this.#options.vault.facts(PENDING);
    if (found === undefined || found.facts.expires_at <= Date.now()) return null;
    const opened = await this.#options.vault.open(PENDING);
    return opened === undefined ? null : toDeviceLogin(opened);
  }

  /** One at a time: the code that a poll brings works once. Throws `not_found` where none waits. */
  poll(): Promise<DevicePoll> {
    this.#polling ??= this.#pollOnce().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  cancel(): void {
    this.#ended = undefined;
    this.#options.vault.remove(PENDING.kind);
  }

  #countStart(): void {
    const now = Date.now();
    const recent = this.#starts.filter((at) => at > now - MINUTE_MS);
    if (recent.length >= MAX_STARTS_PER_MINUTE) {
      throw new AppError("busy", "Too many device logins were started. Try again in a minute.");
    }
    this.#starts = [...recent, now];
  }

  async #pollOnce(): Promise<DevicePoll> {
    const { vault, log } = this.#options;
    const pending = await vault.open(PENDING);
    if (pending === undefined) {
      if (this.#ended !== undefined) return this.#ended;
      throw new AppError("not_found", "No device login is under way. Start one first.");
    }
    const { facts } = pending;
    if (facts.expires_at <= Date.now()) return this.#end({ status: "expired" });
    const waiting: DevicePoll = { status: "pending", login: toDeviceLogin(pending) };
    if (Date.now() < facts.polled_at + facts.interval_s * 1_000) return waiting;
    vault.putFacts(PENDING, pending.id, { ...facts, polled_at: Date.now() });
    try {
      return (await this.#ask(pending)) ?? waiting;
    } catch (error) {
      if (!(error instanceof AuthServerError)) throw error;
      log.warn("device login was not polled", { error });
      return waiting;
    }
  }

  /** Null while the user has not agreed. */
  async #ask(pending: Pending): Promise<DevicePoll | null> {
    const { vault, authUrl, connect } = this.#options;
    const granted = await pollDeviceCode(authUrl(), pending.secret);
    if (granted === null) return null;
    const tokens = await exchangeCode(authUrl(), { ...granted, client_id: CODEX_CLIENT_ID });
    // Cancelled, or another one was started: the user does not want this one any more.
    if (vault.facts(PENDING)?.id !== pending.id)
      return { status: "failed", message: "The device login was cancelled." };
    const login = tokens === null ? null : loginOf(tokens);
    if (login === null) return this.#end({ status: "failed", message: "OpenAI refused the login. Start it again." });
    await connect(login);
    return this.#end({ status: "connected" });
  }

  #end(how: DevicePoll): DevicePoll {
    this.cancel();
    this.#ended = how;
    return how;
  }
}

function toDeviceLogin({ secret, facts }: { secret: { user_code: string }; facts: Pending["facts"] }): DeviceLogin {
  const { verification_url, interval_s, expires_at } = facts;
  return { user_code: secret.user_code, verification_url, interval_s, expires_at };
}

/** Null for tokens that name no account. */
function loginOf(tokens: object): ChatGptLogin | null {
  try {
    const file = readAuthFile({ tokens });
    return file.method === "oauth" ? file.login : null;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
