// Sign-in at any OpenID Connect provider. The protocol is openid-client's; this file says which checks must hold.
import * as client from "openid-client";
import * as z from "zod";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { Account } from "../lib/account.ts";
import { isLoopback } from "../lib/loopback.ts";
import type { UpstreamFlow } from "./upstream-flow.ts";

export const OIDC_CALLBACK = "/sign-in/oidc/callback";

type Settings = Pick<Config, "OIDC_ISSUER" | "OIDC_CLIENT_ID" | "OIDC_CLIENT_SECRET">;

const Person = z.object({
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  name: z.string().max(200).optional(),
});
const Claims = Person.extend({ iss: z.string(), sub: z.string().min(1) });

/** Of the library's errors: its own code, and the provider's. */
const Reason = z.object({ code: z.string().max(100).optional(), error: z.string().max(100).optional() });

const MAX_CAUSES = 3;
/** Metadata and keys are asked for again after this; a key that is not known sooner. */
const DISCOVERY_TTL_MS = 600_000;
const TIMEOUT_SECONDS = 10;

let known: { settings: string; provider: client.Configuration; until: number } | undefined;

export interface StartedFlow {
  location: URL;
  state: string;
  nonce: string;
  verifier: string;
}

export async function startOidc(settings: Settings, origin: string): Promise<StartedFlow> {
  const provider = await discover(settings);
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const location = client.buildAuthorizationUrl(provider, {
    redirect_uri: `${origin}${OIDC_CALLBACK}`,
    scope: "openid email profile",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
  return { location, state, nonce, verifier };
}

/** `callback` is the URL that the browser came back to. Throws `forbidden` where the provider does not vouch for anybody. */
export async function finishOidc(settings: Settings, callback: URL, flow: UpstreamFlow): Promise<Account> {
  const provider = await discover(settings);
  try {
    const tokens = await client.authorizationCodeGrant(provider, callback, {
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      pkceCodeVerifier: flow.verifier,
      idTokenExpected: true,
    });
    const claims = Claims.parse(tokens.claims());
    const { email, email_verified, name } = await describePerson(provider, tokens.access_token, claims);
    const verified = email_verified === true ? (email ?? null) : null;
    return { method: "oidc", issuer: claims.iss, subject: claims.sub, email: verified, name: name ?? null };
  } catch (error) {
    throw new AppError("forbidden", "The sign-in at the identity provider did not succeed. Start again.", {
      cause: withoutClaims(error),
    });
  }
}

/** What goes into the log. Besides texts of their own, the library's errors carry the ID token's claims: who somebody is. */
function withoutClaims(error: unknown): Error {
  const reasons: string[] = [];
  for (let at = error; at instanceof Error && reasons.length < MAX_CAUSES; at = at.cause) {
    const { code, error: refusal } = Reason.safeParse(at).data ?? {};
    const text = at instanceof z.ZodError ? "the claims have another form" : at.message;
    reasons.push([text, code, refusal].filter((part) => part !== undefined).join(", "));
  }
  return new Error(reasons.join(": "));
}

/** By the specification an ID token need not hold more than the subject: then the provider is asked. */
async function describePerson(provider: client.Configuration, token: string, claims: z.infer<typeof Claims>) {
  if (claims.email !== undefined || provider.serverMetadata().userinfo_endpoint === undefined) return claims;
  return Person.parse(await client.fetchUserInfo(provider, token, claims.sub));
}

async function discover(settings: Settings): Promise<client.Configuration> {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: secret } = settings;
  if (issuer === undefined || clientId === undefined || secret === undefined) throw notSetUp();
  const fingerprint = JSON.stringify([issuer, clientId, secret]);
  if (known?.settings === fingerprint && known.until > Date.now()) return known.provider;
  // Also from the token endpoint: without this the signature of an ID token is not looked at.
  const execute = [client.enableNonRepudiationChecks];
  if (isLoopback(new URL(issuer).hostname)) execute.push(client.allowInsecureRequests);
  try {
    const options = { execute, timeout: TIMEOUT_SECONDS };
    const found = await client.discovery(new URL(issuer), clientId, secret, undefined, options);
    const provider = withAuthentication(found, clientId, secret, execute);
    known = { settings: fingerprint, provider, until: Date.now() + DISCOVERY_TTL_MS };
    return provider;
  } catch (cause) {
    throw new AppError("misconfigured", "The identity provider (OIDC_ISSUER) cannot be reached or is none.", { cause });
  }
}

/** The library would send the secret in the body; by the specification a provider that says nothing takes it in a header. */
function withAuthentication(
  found: client.Configuration,
  clientId: string,
  secret: string,
  execute: readonly ((provider: client.Configuration) => void)[],
): client.Configuration {
  const methods = found.serverMetadata().token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  if (methods.includes("client_secret_post")) return found;
  const provider = new client.Configuration(found.serverMetadata(), clientId, secret, client.ClientSecretBasic(secret));
  provider.timeout = TIMEOUT_SECONDS;
  for (const run of execute) run(provider);
  return provider;
}

function notSetUp(): AppError {
  return new AppError("not_found", "This server has no sign-in by OpenID Connect.");
}
