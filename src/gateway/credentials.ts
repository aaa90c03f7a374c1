// The credential of a request: asked of the user's directory each time, kept nowhere.

import type { RunnerErrorCode } from "../../container/protocol.ts";
import type { Config } from "../config.ts";
import type { ModelCredential, RateLimits } from "../fleet/credential-types.ts";
import { SERVER_DIRECTORY } from "../fleet/server-login.ts";
import { isAllowed } from "../signin/allowed-users.ts";

type Directories = Pick<Cloudflare.Env, "DIRECTORY">;

export interface CredentialQuestion {
  userId: string;
  /** The `id` of a credential that the upstream has just refused. */
  rejected?: string;
  config: Config;
}

/** A credential, or why there is none now. */
export async function credentialOf(
  { DIRECTORY }: Directories,
  { userId, rejected, config }: CredentialQuestion,
): Promise<ModelCredential | RunnerErrorCode> {
  const directory = DIRECTORY.getByName(userId);
  const [outcome, account] = await Promise.all([directory.modelCredential({ rejected }), directory.account()]);
  // Turns go on by themselves: those of somebody who was taken off the list get no further. The dev token has no account.
  if (account !== null && !isAllowed(account, config)) return "no_credential";
  if (outcome.ok) return outcome.value;
  const { code } = outcome;
  return code === "no_credential" || code === "login_needed" || code === "credential_unreadable"
    ? code
    : "model_unreachable";
}

/** Tells whoever has the credential what is left of its plan. */
export async function noteRateLimits(
  { DIRECTORY }: Directories,
  userId: string,
  { source, id }: ModelCredential,
  limits: RateLimits,
): Promise<void> {
  await DIRECTORY.getByName(source === "server" ? SERVER_DIRECTORY : userId).noteRateLimits(id, limits);
}

export function secretOf(credential: ModelCredential): string {
  return credential.method === "api_key" ? credential.api_key : credential.access_token;
}
