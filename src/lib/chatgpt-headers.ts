// How Codex introduces itself to ChatGPT's backend, which looks at it.
// https://github.com/openai/codex/blob/main/codex-rs/login/src/auth/default_client.rs
import { CODEX_VERSION } from "../version.ts";

const ORIGINATOR = "codex_cli_rs";

export function chatGptHeaders(login: { access_token: string; account_id: string }): Record<string, string> {
  return {
    authorization: `Bearer ${login.access_token}`,
    "chatgpt-account-id": login.account_id,
    originator: ORIGINATOR,
    "user-agent": `${ORIGINATOR}/${CODEX_VERSION} (Debian 12.0.0; x86_64) unknown`,
    version: CODEX_VERSION,
  };
}
