// Codex's auth.json: a ChatGPT login or an API key. https://github.com/openai/codex/blob/main/codex-rs/login/src/auth/storage.rs
import * as z from "zod";
import { AppError } from "../errors.ts";
import { readToken } from "./jwt.ts";

/** The client id of Codex at OpenAI's auth server. */
export const CODEX_CLIENT_ID = "app_EMoamEEZ73f0CkXaXp7hrann";

export interface ChatGptLogin {
  access_token: string;
  /** Good for one refresh. Null: the login ends when its access token expires. */
  refresh_token: string | null;
  id_token: string | null;
  account_id: string;
  /** Refresh tokens are bound to the client that they were given to. */
  client_id: string;
}

export type AuthFile = { method: "oauth"; login: ChatGptLogin } | { method: "api_key"; api_key: string };

/** Both go into headers. */
const HEADER_SAFE = /^[\x21-\x7e]+$/;
const Token = z.string().min(1).max(16_384).regex(HEADER_SAFE);
const ApiKey = z.string().trim().min(8).max(512).regex(HEADER_SAFE);
const AccountId = z
  .string()
  .max(128)
  .regex(/^[\w.:-]+$/);

const Tokens = z.object({
  access_token: Token,
  refresh_token: Token.nullish(),
  id_token: Token.nullish().catch(null),
  account_id: AccountId.nullish().catch(null),
  oauth_provenance: z
    .object({ client_id: z.string().regex(/^[\w.-]{1,128}$/) })
    .nullish()
    .catch(null),
});
const File = z.object({ OPENAI_API_KEY: z.string().nullish(), tokens: z.unknown().optional() });

/**
 * An auth.json, as text or parsed. Throws `invalid_input`, whose message says what is wrong with it, and repeats nothing of it.
 */
export function readAuthFile(value: unknown): AuthFile {
  const file = File.safeParse(typeof value === "string" ? parseJson(value) : value);
  if (!file.success) throw invalid('it is not a JSON object with "tokens" or "OPENAI_API_KEY", as Codex writes it');
  const { tokens, OPENAI_API_KEY } = file.data;
  if (tokens === undefined || tokens === null) {
    if (!OPENAI_API_KEY) throw invalid('it holds neither "tokens" nor "OPENAI_API_KEY": log in with Codex first');
    return { method: "api_key", api_key: readApiKey(OPENAI_API_KEY) };
  }
  return { method: "oauth", login: readTokens(tokens) };
}

/** A bare access token. Throws as {@link readAuthFile} does. */
export function readAccessToken(text: string): ChatGptLogin {
  return readTokens({ access_token: text.trim() });
}

/** Without blanks around it. Throws `invalid_input`. */
export function readApiKey(text: unknown): string {
  const key = ApiKey.safeParse(text);
  if (key.success) return key.data;
  throw new AppError(
    "invalid_input",
    "This is no OpenAI API key: it must have 8 to 512 visible characters, no spaces.",
  );
}

function readTokens(value: unknown): ChatGptLogin {
  const tokens = Tokens.safeParse(value);
  if (!tokens.success) {
    const field = tokens.error.issues[0]?.path.join(".") || "tokens";
    throw invalid(`its "${field === "tokens" ? field : `tokens.${field}`}" is missing or no token`);
  }
  const { access_token, refresh_token = null, id_token = null, account_id, oauth_provenance } = tokens.data;
  const account = AccountId.safeParse(
    account_id ?? readToken(id_token).account_id ?? readToken(access_token).account_id,
  );
  if (!account.success) throw invalid('it names no ChatGPT account: "tokens.account_id" is missing');
  const client_id = oauth_provenance?.client_id ?? CODEX_CLIENT_ID;
  return { access_token, refresh_token, id_token, account_id: account.data, client_id };
}

function invalid(problem: string): AppError {
  return new AppError("invalid_input", `This is no usable auth.json: ${problem}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
