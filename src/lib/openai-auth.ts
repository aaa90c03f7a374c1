// OpenAI's auth server, as Codex speaks with it: refresh, device login, and the exchange of a code for tokens.
// https://github.com/openai/codex/tree/main/codex-rs/login/src
import * as z from "zod";

export interface NewTokens {
  access_token?: string | undefined;
  refresh_token?: string | undefined;
  id_token?: string | undefined;
}

/** Why a refresh token will never work again. */
export const RefreshProblem = z.enum(["refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated"]);
export type RefreshProblem = z.infer<typeof RefreshProblem>;

export interface DeviceCode {
  device_auth_id: string;
  user_code: string;
  interval_s: number;
}

export interface CodeGrant {
  client_id: string;
  code: string;
  code_verifier: string;
  redirect_uri: string;
}

/** The auth server cannot be reached, or answers with what nobody expects: trying again may help. */
export class AuthServerError extends Error {
  override name = "AuthServerError";
}

const TIMEOUT_MS = 30_000;
/** Long: a refresh that is given up may have been carried out all the same, and then its new token is lost. */
const REFRESH_TIMEOUT_MS = 60_000;

const Tokens = z.object({
  access_token: z.string().min(1).optional(),
  refresh_token: z.string().min(1).optional(),
  id_token: z.string().min(1).optional(),
});
const Refusal = z.object({ error: z.union([z.string(), z.object({ code: z.string() })]) });
const UserCode = z.object({
  device_auth_id: z.string().min(1).max(1_024),
  user_code: z.string().regex(/^[\w-]{1,32}$/),
  interval: z.coerce.number().min(1).max(60).catch(5),
});
const DeviceGrant = z.object({ authorization_code: z.string().min(1), code_verifier: z.string().min(1) });

/** A refresh token works once. Returns why it never will again, or throws {@link AuthServerError}. */
export async function refreshTokens(
  authUrl: string,
  grant: { client_id: string; refresh_token: string },
): Promise<NewTokens | RefreshProblem> {
  const body = { ...grant, grant_type: "refresh_token" };
  const { status, json } = await post(`${authUrl}/oauth/token`, JSON.stringify(body), REFRESH_TIMEOUT_MS);
  if (status === 200) return parse(Tokens, json, "a refresh");
  const refusal = Refusal.safeParse(json).data?.error;
  const code = typeof refusal === "string" ? refusal : refusal?.code;
  const problem = RefreshProblem.safeParse(code === "invalid_grant" ? "refresh_token_invalidated" : code);
  if (problem.success && status < 500) return problem.data;
  throw new AuthServerError(`The auth server answered ${status} to a refresh.`);
}

export async function startDeviceCode(authUrl: string, clientId: string): Promise<DeviceCode> {
  const url = `${authUrl}/api/accounts/deviceauth/usercode`;
  const { status, json } = await post(url, JSON.stringify({ client_id: clientId }));
  if (status !== 200) throw new AuthServerError(`The auth server answered ${status} to the start of a device login.`);
  const { device_auth_id, user_code, interval } = parse(UserCode, json, "the start of a device login");
  return { device_auth_id, user_code, interval_s: interval };
}

/** Null while the user has not agreed yet. Throws {@link AuthServerError}. */
export async function pollDeviceCode(
  authUrl: string,
  { device_auth_id, user_code }: Pick<DeviceCode, "device_auth_id" | "user_code">,
): Promise<Pick<CodeGrant, "code" | "code_verifier" | "redirect_uri"> | null> {
  const url = `${authUrl}/api/accounts/deviceauth/token`;
  const { status, json } = await post(url, JSON.stringify({ device_auth_id, user_code }));
  if (status === 403 || status === 404) return null;
  if (status !== 200) throw new AuthServerError(`The auth server answered ${status} to the poll of a device login.`);
  const { authorization_code, code_verifier } = parse(DeviceGrant, json, "the poll of a device login");
  return { code: authorization_code, code_verifier, redirect_uri: `${authUrl}/deviceauth/callback` };
}

/** A code works once. Null where the auth server refuses it. Throws {@link AuthServerError}. */
export async function exchangeCode(authUrl: string, grant: CodeGrant): Promise<NewTokens | null> {
  const { status, json } = await post(
    `${authUrl}/oauth/token`,
    new URLSearchParams({ grant_type: "authorization_code", ...grant }),
  );
  if (status === 200) return parse(Tokens, json, "a code");
  if (status >= 400 && status < 500 && status !== 429) return null;
  throw new AuthServerError(`The auth server answered ${status} to a code.`);
}

async function post(
  url: string,
  body: string | URLSearchParams,
  timeoutMs = TIMEOUT_MS,
): Promise<{ status: number; json: unknown }> {
  const headers = typeof body === "string" ? { "content-type": "application/json" } : {};
  try {
    // No redirect is followed: the body is a secret.
    const init = { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) } as const;
    const response = await fetch(url, init);
    const text = await response.text();
    return { status: response.status, json: parseJson(text) };
  } catch {
    throw new AuthServerError("The auth server cannot be reached.");
  }
}

function parse<T>(schema: z.ZodType<T>, json: unknown, what: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AuthServerError(`The auth server's answer to ${what} has an unknown form.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
