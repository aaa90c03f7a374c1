// A login as Codex writes it down.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CODEX_CLIENT_ID, readAuthFile } from "../../lib/auth-file.ts";
import type { NewTokens } from "../../lib/openai-auth.ts";

export type AuthJson = Record<string, unknown>;

export interface Issuer {
  client_id: string;
  issuer: string;
}

/** Throws `invalid_input` for tokens that name no account. */
export function toAuthJson(tokens: NewTokens, { client_id, issuer }: Issuer): AuthJson {
  const provenance = client_id === CODEX_CLIENT_ID ? {} : { oauth_provenance: { issuer, client_id } };
  const file = readAuthFile({ tokens });
  const account = file.method === "oauth" ? { account_id: file.login.account_id } : {};
  return {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: { ...tokens, ...account, ...provenance },
    last_refresh: new Date().toISOString(),
  };
}

/** For the eyes of its owner only. */
export function writeAuthJson(path: string, authJson: AuthJson): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${JSON.stringify(authJson, null, 2)}\n`, { mode: 0o600 });
}
