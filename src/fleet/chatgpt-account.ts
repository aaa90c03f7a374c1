// What ChatGPT tells about an account: where its requests are to go, and what is left of its plan.
import * as z from "zod";
import { chatGptHeaders } from "../lib/chatgpt-headers.ts";
import type { RateLimits, RateLimitWindow } from "./credential-types.ts";
import type { HeldLogin } from "./login-source.ts";

export interface AccountRoute {
  /** Without a slash at its end. */
  base_url: string;
  /** For `x-openai-account-routing-override`. */
  routing_override: string | null;
}

const TIMEOUT_MS = 5_000;
const KNOWN_FOR_MS = 3_600_000;
/** After a failure the usual way is taken, and asked again soon. */
const RETRY_AFTER_MS = 60_000;
const OFFICIAL_HOST = "chatgpt.com";
/** OpenAI's own: an access token is sent nowhere else, whatever an answer says. */
const TRUSTED_HOST = /^(?:[a-z0-9-]+\.)*(?:chatgpt|openai)\.com$/;
const NO_CONSTRAINT = "NO_CONSTRAINT";

const Accounts = z.object({
  accounts: z.array(
    z.object({
      id: z.string(),
      workspace_backend_origin: z.string().nullish(),
      account_routing_override: z
        .string()
        .regex(/^[\w-]{1,64}$/)
        .nullish()
        .catch(null),
    }),
  ),
});

const Window = z
  .object({ used_percent: z.number(), limit_window_seconds: z.number().nullish(), reset_at: z.number().nullish() })
  .nullish();
const Usage = z.object({ rate_limit: z.object({ primary_window: Window, secondary_window: Window }).nullish() });

export class ChatGptAccounts {
  readonly #baseUrl: () => string;
  readonly #routes = new Map<string, { route: Promise<AccountRoute>; until: number }>();

  constructor(baseUrl: () => string) {
    this.#baseUrl = baseUrl;
  }

  /** Known for an hour. Never rejects: without an answer requests go the usual way. */
  routeOf(login: HeldLogin): Promise<AccountRoute> {
    const known = this.#routes.get(login.account_id);
    if (known !== undefined && known.until > Date.now()) return known.route;
    const entry = { route: this.#askRoute(login), until: Date.now() + KNOWN_FOR_MS };
    this.#routes.set(login.account_id, entry);
    return entry.route.catch(() => {
      entry.until = Date.now() + RETRY_AFTER_MS;
      const usual = { base_url: this.#baseUrl(), routing_override: null };
      entry.route = Promise.resolve(usual);
      return usual;
    });
  }

  /** What is left; null where ChatGPT does not tell. */
  async limitsOf(login: HeldLogin): Promise<RateLimits | null> {
    const { base_url } = await this.routeOf(login);
    const usage = await get(`${base_url}/wham/usage`, login)
      .then((json) => Usage.safeParse(json).data?.rate_limit)
      .catch(() => null);
    if (!usage) return null;
    return {
      primary: toWindow(usage.primary_window),
      secondary: toWindow(usage.secondary_window),
      noted_at: Date.now(),
    };
  }

  async #askRoute(login: HeldLogin): Promise<AccountRoute> {
    const baseUrl = this.#baseUrl();
    return readRoute(await get(`${baseUrl}/wham/accounts/check`, login), login.account_id, baseUrl);
  }
}

/** Throws for an answer of an unknown form. */
export function readRoute(answer: unknown, accountId: string, baseUrl: string): AccountRoute {
  const account = Accounts.parse(answer).accounts.find(({ id }) => id === accountId);
  const override = account?.account_routing_override ?? NO_CONSTRAINT;
  return {
    base_url: workspaceUrl(account?.workspace_backend_origin ?? null, baseUrl),
    routing_override: override === NO_CONSTRAINT ? null : override,
  };
}

/** Only OpenAI's own base URL may be led elsewhere: a proxy in its place was put there to be used. */
function workspaceUrl(origin: string | null, baseUrl: string): string {
  const [base, workspace] = [new URL(baseUrl), URL.parse(origin ?? "")];
  if (base.hostname !== OFFICIAL_HOST || workspace === null) return baseUrl;
  const isTrusted = workspace.protocol === "https:" && workspace.port === "" && TRUSTED_HOST.test(workspace.hostname);
  return isTrusted ? `${workspace.origin}${base.pathname}` : baseUrl;
}

async function get(url: string, login: HeldLogin): Promise<unknown> {
  const response = await fetch(url, {
    headers: { ...chatGptHeaders(login), accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 200) return response.json();
  await response.body?.cancel();
  throw new Error(`ChatGPT answered ${response.status}`);
}

function toWindow(window: z.infer<typeof Window>): RateLimitWindow | null {
  if (!window) return null;
  const { used_percent, limit_window_seconds, reset_at } = window;
  return {
    used_percent,
    window_minutes: limit_window_seconds ? Math.round(limit_window_seconds / 60) : null,
    resets_at: reset_at ? reset_at * 1_000 : null,
  };
}
