// Sign-in at GitHub, or at a GitHub Enterprise server. It is OAuth and not OpenID Connect: who it is has to be asked for.
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
import * as client from "openid-client";
import * as z from "zod";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { Account } from "../lib/account.ts";
import { isLoopback } from "../lib/loopback.ts";
import type { StartedFlow } from "./oidc.ts";
import type { UpstreamFlow } from "./upstream-flow.ts";

export const GITHUB_CALLBACK = "/sign-in/github/callback";

type Settings = Pick<Config, "GITHUB_CLIENT_ID" | "GITHUB_CLIENT_SECRET" | "GITHUB_URL" | "GITHUB_API_URL">;

const User = z.object({ id: z.number().int(), login: z.string().regex(/^[\w-]{1,64}$/) });
const Emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

const TIMEOUT_MS = 10_000;

export async function startGithub(settings: Settings, origin: string): Promise<StartedFlow> {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const location = client.buildAuthorizationUrl(provider(settings), {
    redirect_uri: `${origin}${GITHUB_CALLBACK}`,
    scope: "user:email",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  });
  return { location, state, nonce: "", verifier };
}

/** Throws `forbidden` where GitHub does not vouch for anybody. */
export async function finishGithub(settings: Settings, callback: URL, flow: UpstreamFlow): Promise<Account> {
  try {
    const checks = { expectedState: flow.state, pkceCodeVerifier: flow.verifier };
    const tokens = await client.authorizationCodeGrant(provider(settings), callback, checks);
    const ask = (path: string) => askGithub(settings, path, tokens.access_token);
    const [user, emails] = [User.parse(await ask("/user")), Emails.safeParse(await ask("/user/emails"))];
    const email = emails.data?.find(({ primary, verified }) => primary && verified)?.email ?? null;
    return { method: "github", server: settings.GITHUB_URL, id: user.id, login: user.login, email };
  } catch (cause) {
    throw new AppError("forbidden", "The sign-in at GitHub did not succeed. Start again.", { cause });
  }
}

async function askGithub({ GITHUB_API_URL }: Settings, path: string, token: string): Promise<unknown> {
  const response = await fetch(`${GITHUB_API_URL.replace(/\/$/, "")}${path}`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/vnd.github+json",
      "user-agent": "persistent-codex",
    },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`GitHub answered ${response.status} to ${path}`);
  return response.json();
}

function provider({ GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, GITHUB_URL }: Settings): client.Configuration {
  if (GITHUB_CLIENT_ID === undefined || GITHUB_CLIENT_SECRET === undefined) {
    throw new AppError("not_found", "This server has no sign-in by GitHub.");
  }
  const server = {
    issuer: GITHUB_URL,
    authorization_endpoint: `${GITHUB_URL}/login/oauth/authorize`,
    token_endpoint: `${GITHUB_URL}/login/oauth/access_token`,
  };
  const authentication = client.ClientSecretPost(GITHUB_CLIENT_SECRET);
  const configuration = new client.Configuration(server, GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, authentication);
  configuration.timeout = TIMEOUT_MS / 1000;
  if (isLoopback(new URL(GITHUB_URL).hostname)) client.allowInsecureRequests(configuration);
  return configuration;
}
