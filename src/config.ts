// The only reader of the environment: parsed once, into settings with the right types. Names and defaults are those that
// users of the predecessor know; README.md has the table.
import * as z from "zod";
import { LOG_LEVELS } from "../container/lib/log.ts";
import { AppError } from "./errors.ts";
import { type ChatGptLogin, readAccessToken, readAuthFile } from "./lib/auth-file.ts";
import { parseEncryptionKeys } from "./lib/encryption-keys.ts";
import { parseHostRule } from "./lib/host-rules.ts";
import { isLoopback } from "./lib/loopback.ts";
import { MIN_PASSWORD_CHARS, PASSWORD_HASH } from "./lib/password-hash.ts";

/** An empty text counts as not set, as in a `.env` file. */
function optional<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === "" ? undefined : value), schema.optional());
}
function withDefault<T extends z.ZodType>(schema: T, fallback: z.output<T>) {
  return z.preprocess((value) => (value === "" || value === undefined ? fallback : value), schema);
}
function wholeNumberIn(min: number, max: number) {
  const message = `a whole number from ${min} to ${max}`;
  // Not `z.coerce`: it takes a blank for 0 and `true` for 1.
  const digits = z.string().regex(/^\d+$/).transform(Number);
  const inRange = z.number().int(message).min(min, message).max(max, message);
  return z.union([z.number(), digits], { error: message }).pipe(inRange);
}
function wholeNumber(min: number, max: number, fallback: number) {
  return withDefault(wholeNumberIn(min, max), fallback);
}
function flag(fallback: boolean) {
  const text = z.stringbool({ error: "true or false" });
  return withDefault(z.union([z.boolean(), text], { error: "true or false" }), fallback);
}
function oneOf<const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) {
  return withDefault(z.enum(values, { error: `one of ${values.join(", ")}` }), fallback);
}
/** Host names, separated by commas or spaces. */
function hostNames() {
  const name = z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "host names without scheme and port, separated by commas");
  const split = (value: unknown) =>
    typeof value === "string"
      ? value
          .toLowerCase()
          .split(/[\s,]+/)
          .filter(Boolean)
      : (value ?? []);
  return z.preprocess(split, z.array(name));
}
/** Hosts of the internet, separated by commas or spaces; see lib/host-rules.ts. */
function hostRules() {
  const allowed =
    "names of public hosts (example.com, or *.example.com for all below it) without scheme, port and path, separated by commas";
  const split = (value: unknown) => (typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : (value ?? []));
  return z.preprocess(split, z.array(parsed(parseHostRule, allowed)));
}
/** A text that `parse` understands: it returns null, or throws, for any other. */
function parsed<T>(parse: (text: string) => T | null, allowed: string) {
  return z.string().transform((text, context) => {
    const value = valueOrNull(() => parse(text));
    if (value !== null) return value;
    context.issues.push({ code: "custom", input: text, message: allowed });
    return z.NEVER;
  });
}
/** Who may sign in, separated by commas or spaces. */
function userNames() {
  const allowed = "e-mail addresses, @domain, github:login, oidc:subject or *, separated by commas";
  const name = z.string().regex(/^(?:\*|[^\s@:]*@[^\s@:]+|github:[\w-]+|oidc:\S+)$/i, allowed);
  const split = (value: unknown) => (typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : (value ?? []));
  return z.preprocess(split, z.array(name));
}
/** Such a URL on other machines must be https. */
function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)));
}
const SafeUrl = z.string().refine(isSafeUrl, "an https URL (http only on this machine)");
const Origin = z
  .string()
  .refine(
    (text) => isSafeUrl(text) && URL.parse(text)?.origin === text.replace(/\/$/, ""),
    "an https URL without a path (http only on this machine)",
  )
  .transform((text) => text.replace(/\/$/, ""));
const OwnerPassword = z
  .string()
  .min(MIN_PASSWORD_CHARS, `at least ${MIN_PASSWORD_CHARS} characters, or what \`npm run hash-password\` prints`)
  .refine(
    (text) => !text.startsWith("scrypt:") || PASSWORD_HASH.test(text),
    "the whole line that `npm run hash-password` prints",
  );
const HttpUrl = z.url({ protocol: /^https?$/, error: "an http or https URL" });
const BaseUrl = HttpUrl.transform((url) => url.replace(/\/+$/, ""));
const Secret = z.string().min(32, "at least 32 characters");
const Flag = z.enum(["true", "false"]).transform((text) => text === "true");

const Settings = z.object({
  OPENAI_API_KEY: optional(z.string().min(8, "an OpenAI API key")),
  OPENAI_BASE_URL: withDefault(HttpUrl, "https://api.openai.com/v1"),
  /** A ChatGPT login for all who have none of their own. */
  CHATGPT_OAUTH_TOKEN: optional(
    parsed(readServerLogin, "a ChatGPT access token that names its account, or the text of an auth.json of Codex"),
  ),
  CHATGPT_BASE_URL: withDefault(BaseUrl, "https://chatgpt.com/backend-api"),
  OPENAI_AUTH_URL: withDefault(BaseUrl, "https://auth.openai.com"),
  CODEX_AUTH_METHOD: oneOf(["auto", "api_key", "oauth"], "auto"),
  CODEX_PREFER_OAUTH: withDefault(z.union([z.boolean(), Flag], { error: "true or false" }), true),
  /** Keys of what is stored encrypted. The first one encrypts. */
  ENCRYPTION_KEY: optional(
    parsed(parseEncryptionKeys, "32 bytes in base64, or a list id:key,id:key of such, each with an id of its own"),
  ),
  CODEX_MODEL: optional(z.string().regex(/^[\w.:/-]{1,128}$/, "a model name")),
  CODEX_PROVIDER: oneOf(["openai"], "openai"),
  CODEX_APPROVAL_MODE: oneOf(["suggest", "auto", "manual"], "suggest"),
  APPROVAL_TIMEOUT_SECONDS: wholeNumber(1, 86_400, 600),
  /** How many agents may be at work at once, of all users. */
  MAX_CONCURRENT_SESSIONS: wholeNumber(1, 100_000, 20),
  /** The same for each single user. See agent/session-limits.ts. */
  MAX_SESSIONS_PER_USER: optional(wholeNumberIn(1, 100_000)),
  /** How many tokens one turn, and all turns of a user on one UTC day, may take; no limit where it is not set. */
  MAX_TOKENS_PER_TURN: optional(wholeNumberIn(1, 1_000_000_000_000)),
  MAX_TOKENS_PER_DAY: optional(wholeNumberIn(1, 1_000_000_000_000)),
  SESSION_TIMEOUT: wholeNumber(10, 604_800, 3_600),
  /** Whether the files of an agent outlive a turn. */
  PERSISTENT_MODE: flag(true),
  /** How many checkpoints of an agent there are to go back to, at least. */
  CHECKPOINTS_KEPT: wholeNumber(1, 1_000, 20),
  TURN_WAIT_SECONDS: wholeNumber(0, 3_600, 45),
  TURN_TIMEOUT_SECONDS: wholeNumber(5, 86_400, 3_600),
  /** How long results and events of a settled turn can be read. */
  RESULT_TTL_SECONDS: wholeNumber(60, 31_536_000, 604_800),
  /** What commands of tools that write may reach, over HTTPS. Of no effect without containers. */
  EGRESS_ALLOWED_HOSTS: hostRules(),
  /** Where set, requests to other names than these are refused. Needed where nothing in front of the Worker sees to it. */
  ALLOWED_HOSTS: hostNames(),
  /** Hosts of other web pages that may call this server from a browser. */
  ALLOWED_ORIGINS: hostNames(),
  /** Where people and clients reach this server. Default: wherever a request says that it was sent. */
  PUBLIC_URL: optional(Origin),
  /** Signs in the one owner. Plain, or as `npm run hash-password` prints it. */
  OWNER_PASSWORD: optional(OwnerPassword),
  OIDC_ISSUER: optional(SafeUrl),
  OIDC_CLIENT_ID: optional(z.string()),
  OIDC_CLIENT_SECRET: optional(z.string()),
  GITHUB_CLIENT_ID: optional(z.string()),
  GITHUB_CLIENT_SECRET: optional(z.string()),
  GITHUB_URL: withDefault(Origin, "https://github.com"),
  GITHUB_API_URL: withDefault(SafeUrl, "https://api.github.com"),
  /** Whom of those whom OpenID Connect or GitHub vouch for to let in. Nobody where it is empty. */
  ALLOWED_USERS: userNames(),
  LOG_LEVEL: oneOf(LOG_LEVELS, "INFO"),
  /** A bearer token with all scopes. Set by the dev server, and good only there. */
  DEV_TOKEN: optional(z.string().regex(/^[\x21-\x7e]{1,256}$/, "1 to 256 visible characters without spaces")),
  /** Set by the dev server where there is no Docker: the process host that stands in for containers. */
  PROCESS_HOST_URL: optional(HttpUrl),
  PROCESS_HOST_TOKEN: optional(Secret),
  /** Set by the dev server where this machine has a ChatGPT login: who hands it out and refreshes it, in its own auth.json. */
  LOCAL_LOGIN_URL: optional(HttpUrl),
  LOCAL_LOGIN_TOKEN: optional(Secret),
});

/** What is of use only together. */
const SETS = [
  ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"],
  ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"],
] as const;

export const Config = Settings.superRefine((config, ctx) => {
  for (const set of SETS) {
    const missing = set.filter((name) => config[name] === undefined);
    if (missing.length === set.length) continue;
    for (const name of missing)
      ctx.addIssue({ code: "custom", path: [name], message: `set: ${set.join(", ")} go together` });
  }
});
export type Config = z.infer<typeof Config>;

export interface ConfigProblem {
  name: string;
  /** Names the variable, its value (a secret's stays hidden) and what is allowed. */
  message: string;
}

/** Every bad variable of `env`. Empty when all is well. */
export function configProblems(env: object): ConfigProblem[] {
  const parsed = Config.safeParse(env);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const value = name in env ? env[name as keyof typeof env] : undefined; // `in` does not narrow to a key
    const shown = /KEY|TOKEN|SECRET|PASSWORD/.test(name) ? "(hidden)" : JSON.stringify(value);
    return { name, message: `${name}=${shown} is not allowed: it must be ${issue.message}.` };
  });
}

const known = new WeakMap<object, Config>();

/**
 * Parses each environment object once. Throws `misconfigured` with the names of the bad variables; their values are in
 * `cause`, for the log: strangers can see the message.
 */
export function readConfig(env: object): Config {
  const config = known.get(env);
  if (config !== undefined) return config;
  const problems = configProblems(env);
  if (problems.length > 0) {
    const names = problems.map(({ name }) => name).join(", ");
    const cause = new Error(problems.map(({ message }) => message).join(" "));
    throw new AppError("misconfigured", `Settings have errors: ${names}. The log says what is allowed.`, { cause });
  }
  const parsed = Config.parse(env);
  known.set(env, parsed);
  return parsed;
}

function readServerLogin(text: string): ChatGptLogin | null {
  if (!text.trimStart().startsWith("{")) return readAccessToken(text);
  const file = readAuthFile(text);
  return file.method === "oauth" ? file.login : null;
}

function valueOrNull<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
