// The credential of a request: asked of the user's directory each time, kept nowhere.

import type { RunnerErrorCode } from "../../container/protocol.ts";
import type { ModelCredential, RateLimits } from "../fleet/credential-types.ts";
import { SERVER_DIRECTORY } from "../fleet/server-login.ts";

type Directories = Pick<Cloudflare.Env, "DIRECTORY">;

/** A credential, or why there is none now. `rejected` is the `id` of one that the upstream has just refused. */
export async function credentialOf(
  { DIRECTORY }: Directories,
  userId: string,
  rejected?: string,
): Promise<ModelCredential | RunnerErrorCode> {
  const outcome = await DIRECTORY.getByName(userId).modelCredential({ rejected });
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
