// Which credential turns use. A user's own comes before the server's; among equals ChatGPT before the API key, unless
// CODEX_PREFER_OAUTH says otherwise. Only what is missing is passed over: where a login has ended, the turn says so, since another
// credential would be another one's bill.
import type { Config } from "../config.ts";
import type { CredentialMethod, CredentialSource } from "./credential-types.ts";

export interface Choice {
  method: CredentialMethod;
  source: CredentialSource;
}

export type Available = Readonly<Record<CredentialSource, Readonly<Record<CredentialMethod, boolean>>>>;

export function chooseCredential(
  { CODEX_AUTH_METHOD, CODEX_PREFER_OAUTH }: Pick<Config, "CODEX_AUTH_METHOD" | "CODEX_PREFER_OAUTH">,
  available: Available,
): Choice | null {
  const preferred: readonly CredentialMethod[] = CODEX_PREFER_OAUTH ? ["oauth", "api_key"] : ["api_key", "oauth"];
  const methods = CODEX_AUTH_METHOD === "auto" ? preferred : [CODEX_AUTH_METHOD];
  for (const source of ["own", "server"] as const) {
    for (const method of methods) if (available[source][method]) return { method, source };
  }
  return null;
}
