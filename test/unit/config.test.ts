import { describe, expect, it } from "vitest";
import { Config, configProblems, readConfig } from "../../src/config.ts";

const bytes = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const [KEY_1, KEY_2] = [bytes(1), bytes(2)].map((key) => btoa(String.fromCharCode(...key)));

const CLAIMS = { "https://api.openai.com/auth": { chatgpt_account_id: "acc-1" } };
const ACCESS_TOKEN = `e30.${btoa(JSON.stringify(CLAIMS))}.sig`;
const AUTH_JSON = JSON.stringify({ tokens: { access_token: ACCESS_TOKEN, refresh_token: "rt.1" } });
const LOGIN = {
  access_token: ACCESS_TOKEN,
  refresh_token: null,
  id_token: null,
  account_id: "acc-1",
  client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
};

const DEFAULTS = {
  OPENAI_BASE_URL: "https://api.openai.com/v1",
  CHATGPT_BASE_URL: "https://chatgpt.com/backend-api",
  OPENAI_AUTH_URL: "https://auth.openai.com",
  CODEX_AUTH_METHOD: "auto",
  CODEX_PREFER_OAUTH: true,
  CODEX_PROVIDER: "openai",
  CODEX_APPROVAL_MODE: "suggest",
  APPROVAL_TIMEOUT_SECONDS: 600,
  MAX_CONCURRENT_SESSIONS: 20,
  SESSION_TIMEOUT: 3_600,
  PERSISTENT_MODE: true,
  CHECKPOINTS_KEPT: 20,
  TURN_WAIT_SECONDS: 45,
  TURN_TIMEOUT_SECONDS: 3_600,
  RESULT_TTL_SECONDS: 604_800,
  EGRESS_ALLOWED_HOSTS: [],
  ALLOWED_HOSTS: [],
  ALLOWED_ORIGINS: [],
  GITHUB_URL: "https://github.com",
  GITHUB_API_URL: "https://api.github.com",
  ALLOWED_USERS: [],
  LOG_LEVEL: "INFO",
};

describe("without any variable", () => {
  it("everything has its default", () => {
    expect(readConfig({})).toEqual(DEFAULTS);
  });

  it("a variable without text counts as not set", () => {
    const config = readConfig(Object.fromEntries(Object.keys(Config.shape).map((name) => [name, ""])));
    expect(JSON.parse(JSON.stringify(config))).toEqual(DEFAULTS);
  });
});

it("what is not a setting is passed over", () => {
  expect(readConfig({ CODEX_AGENT: {}, PATH: "/bin", session_timeout: "5" })).toEqual(DEFAULTS);
});

describe("a good value", () => {
  it.each([
    ["OPENAI_API_KEY", "sk-12345678", "sk-12345678"],
    ["OPENAI_BASE_URL", "http://127.0.0.1:9100/v1", "http://127.0.0.1:9100/v1"],
    ["CHATGPT_BASE_URL", "https://proxy.example/backend-api/", "https://proxy.example/backend-api"],
    ["OPENAI_AUTH_URL", "http://127.0.0.1:9100", "http://127.0.0.1:9100"],
    ["CODEX_AUTH_METHOD", "api_key", "api_key"],
    ["CODEX_AUTH_METHOD", "oauth", "oauth"],
    ["CODEX_PREFER_OAUTH", "false", false],
    ["CODEX_PREFER_OAUTH", "true", true],
    ["CODEX_PREFER_OAUTH", false, false],
    ["CHATGPT_OAUTH_TOKEN", ` ${ACCESS_TOKEN}\n`, LOGIN],
    ["CHATGPT_OAUTH_TOKEN", AUTH_JSON, { ...LOGIN, refresh_token: "rt.1" }],
    ["ENCRYPTION_KEY", KEY_1, [{ id: "default", key: bytes(1) }]],
    [
      "ENCRYPTION_KEY",
      `2027:${KEY_2}, ${KEY_1}`,
      [
        { id: "2027", key: bytes(2) },
        { id: "default", key: bytes(1) },
      ],
    ],
    ["MAX_TOKENS_PER_TURN", "1", 1],
    ["MAX_TOKENS_PER_DAY", "2000000", 2_000_000],
    ["CODEX_MODEL", "gpt-6.1-sol", "gpt-6.1-sol"],
    ["CODEX_MODEL", "org/model:tag", "org/model:tag"],
    ["SESSION_TIMEOUT", "10", 10],
    ["SESSION_TIMEOUT", "604800", 604_800],
    ["SESSION_TIMEOUT", 60, 60],
    ["PERSISTENT_MODE", "false", false],
    ["PERSISTENT_MODE", "True", true],
    ["PERSISTENT_MODE", false, false],
    ["CHECKPOINTS_KEPT", "1", 1],
    ["TURN_WAIT_SECONDS", "0", 0],
    ["TURN_TIMEOUT_SECONDS", "86400", 86_400],
    ["EGRESS_ALLOWED_HOSTS", "Registry.npmjs.org, *.GitHub.com.", ["registry.npmjs.org", "*.github.com"]],
    ["ALLOWED_HOSTS", "Example.com, codex.example.com  other.org,", ["example.com", "codex.example.com", "other.org"]],
    ["ALLOWED_ORIGINS", "localhost", ["localhost"]],
    ["PUBLIC_URL", "https://codex.example.com", "https://codex.example.com"],
    ["PUBLIC_URL", "https://codex.example.com/", "https://codex.example.com"],
    ["PUBLIC_URL", "http://localhost:8210", "http://localhost:8210"],
    ["OWNER_PASSWORD", "twelve chars", "twelve chars"],
    [
      "OWNER_PASSWORD",
      `scrypt:16384:8:5:${"s".repeat(22)}:${"h".repeat(43)}`,
      `scrypt:16384:8:5:${"s".repeat(22)}:${"h".repeat(43)}`,
    ],
    ["GITHUB_URL", "https://github.example.com", "https://github.example.com"],
    ["GITHUB_API_URL", "https://github.example.com/api/v3", "https://github.example.com/api/v3"],
    [
      "ALLOWED_USERS",
      "ada@example.com, @example.org github:ada,oidc:auth0|5f7c *",
      ["ada@example.com", "@example.org", "github:ada", "oidc:auth0|5f7c", "*"],
    ],
    ["LOG_LEVEL", "DEBUG", "DEBUG"],
    ["DEV_TOKEN", "x", "x"],
    ["PROCESS_HOST_URL", "http://127.0.0.1:1", "http://127.0.0.1:1"],
    ["PROCESS_HOST_TOKEN", "t".repeat(32), "t".repeat(32)],
  ])("%s=%j is taken", (name, value, parsed) => {
    expect(configProblems({ [name]: value })).toEqual([]);
    expect(readConfig({ [name]: value })).toEqual({ ...DEFAULTS, [name]: parsed });
  });
});

describe("a bad value is named with what is allowed", () => {
  it.each([
    ["OPENAI_BASE_URL", "api.openai.com", "an http or https URL"],
    ["OPENAI_BASE_URL", "ftp://example.com", "an http or https URL"],
    ["OPENAI_BASE_URL", "file:///etc/passwd", "an http or https URL"],
    ["CHATGPT_BASE_URL", "chatgpt.com", "an http or https URL"],
    ["OPENAI_AUTH_URL", "auth", "an http or https URL"],
    ["CODEX_AUTH_METHOD", "magic", "one of auto, api_key, oauth"],
    ["CODEX_PREFER_OAUTH", "yes", "true or false"],
    ["PERSISTENT_MODE", "maybe", "true or false"],
    ["CHECKPOINTS_KEPT", "0", "a whole number from 1 to 1000"],
    ["CODEX_MODEL", "gpt 5", "a model name"],
    ["CODEX_MODEL", "x".repeat(129), "a model name"],
    ["CODEX_MODEL", 'gpt"; rm', "a model name"],
    ["CODEX_PROVIDER", "other", "one of openai"],
    ["CODEX_APPROVAL_MODE", "never", "one of suggest, auto, manual"],
    ["SESSION_TIMEOUT", "9", "a whole number from 10 to 604800"],
    ["SESSION_TIMEOUT", "604801", "a whole number from 10 to 604800"],
    ["SESSION_TIMEOUT", "60.5", "a whole number from 10 to 604800"],
    ["SESSION_TIMEOUT", "1h", "a whole number from 10 to 604800"],
    ["SESSION_TIMEOUT", "0x3c", "a whole number from 10 to 604800"],
    ["SESSION_TIMEOUT", "1e3", "a whole number from 10 to 604800"],
    ["SESSION_TIMEOUT", "Infinity", "a whole number from 10 to 604800"],
    ["SESSION_TIMEOUT", true, "a whole number from 10 to 604800"],
    ["TURN_WAIT_SECONDS", "-1", "a whole number from 0 to 3600"],
    ["TURN_WAIT_SECONDS", " ", "a whole number from 0 to 3600"],
    ["TURN_WAIT_SECONDS", null, "a whole number from 0 to 3600"],
    ["TURN_TIMEOUT_SECONDS", "4", "a whole number from 5 to 86400"],
    ["RESULT_TTL_SECONDS", "59", "a whole number from 60 to 31536000"],
    ["EGRESS_ALLOWED_HOSTS", "https://x.example", "names of public hosts (example.com, or *.example.com"],
    ["EGRESS_ALLOWED_HOSTS", "*.com", "names of public hosts"],
    ["EGRESS_ALLOWED_HOSTS", "github.com, localhost", "names of public hosts"],
    ["ALLOWED_HOSTS", "https://example.com", "host names without scheme and port"],
    ["ALLOWED_HOSTS", "example.com:8210", "host names without scheme and port"],
    ["ALLOWED_ORIGINS", "*", "host names without scheme and port"],
    ["PUBLIC_URL", "codex.example.com", "an https URL without a path"],
    ["PUBLIC_URL", "http://codex.example.com", "an https URL without a path"],
    ["PUBLIC_URL", "https://codex.example.com/mcp", "an https URL without a path"],
    ["PUBLIC_URL", "https://user@codex.example.com", "an https URL without a path"],
    ["GITHUB_URL", "http://github.example.com", "an https URL without a path"],
    ["GITHUB_API_URL", "ftp://localhost", "an https URL (http only on this machine)"],
    ["ALLOWED_USERS", "ada", "e-mail addresses, @domain, github:login, oidc:subject or *"],
    ["ALLOWED_USERS", "gitlab:ada", "e-mail addresses, @domain, github:login, oidc:subject or *"],
    ["LOG_LEVEL", "info", "one of DEBUG, INFO, WARN, ERROR"],
    ["PROCESS_HOST_URL", "127.0.0.1:1", "an http or https URL"],
  ])("%s=%j", (name, value, allowed) => {
    const [problem, ...others] = configProblems({ [name]: value });
    expect(others).toEqual([]);
    expect(problem?.name).toBe(name);
    expect(problem?.message).toContain(`${name}=${JSON.stringify(value)} is not allowed: it must be ${allowed}`);
  });

  it.each([
    ["OPENAI_API_KEY", "sk-1234", "an OpenAI API key"],
    ["CHATGPT_OAUTH_TOKEN", "opaque-token-of-nobody", "a ChatGPT access token that names its account"],
    ["CHATGPT_OAUTH_TOKEN", '{"tokens":{"refresh_token":"only"}}', "a ChatGPT access token that names its account"],
    ["CHATGPT_OAUTH_TOKEN", '{"OPENAI_API_KEY":"sk-12345678"}', "a ChatGPT access token that names its account"],
    ["ENCRYPTION_KEY", "hunter2", "32 bytes in base64"],
    ["ENCRYPTION_KEY", btoa("31 bytes are fewer than needed."), "32 bytes in base64"],
    [
      "ENCRYPTION_KEY",
      `${KEY_1},${KEY_2}`,
      "32 bytes in base64, or a list id:key,id:key of such, each with an id of its own",
    ],
    ["ENCRYPTION_KEY", `a:${KEY_1},a:${KEY_2}`, "32 bytes in base64"],
    ["ENCRYPTION_KEY", `a:${KEY_1},`, "32 bytes in base64"],
    ["DEV_TOKEN", "two words", "1 to 256 visible characters"],
    ["DEV_TOKEN", "x".repeat(257), "1 to 256 visible characters"],
    ["PROCESS_HOST_TOKEN", "hunter2-hunter2", "at least 32 characters"],
    ["OWNER_PASSWORD", "elevenchars", "at least 12 characters"],
    ["OWNER_PASSWORD", "scrypt:of what?", "the whole line that `npm run hash-password` prints"],
  ])("but a secret is not shown: %s", (name, value, allowed) => {
    const [problem] = configProblems({ [name]: value });
    expect(problem?.message).toContain(`${name}=(hidden) is not allowed: it must be ${allowed}`);
    expect(problem?.message).not.toContain(value);
  });
});

describe("settings that go together", () => {
  it.each([
    [{ OIDC_ISSUER: "https://idp.example.com" }, ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"]],
    [{ OIDC_CLIENT_SECRET: "s" }, ["OIDC_ISSUER", "OIDC_CLIENT_ID"]],
    [{ GITHUB_CLIENT_ID: "id" }, ["GITHUB_CLIENT_SECRET"]],
    [{ GITHUB_CLIENT_ID: "id", GITHUB_CLIENT_SECRET: "" }, ["GITHUB_CLIENT_SECRET"]],
  ])("%j lacks %j", (env, missing) => {
    expect(configProblems(env).map(({ name }) => name)).toEqual(missing);
  });

  it("must be good themselves: an issuer is asked over https", () => {
    const env = { OIDC_ISSUER: "http://idp.example.com", OIDC_CLIENT_ID: "id", OIDC_CLIENT_SECRET: "s" };
    expect(configProblems(env)).toEqual([
      { name: "OIDC_ISSUER", message: expect.stringContaining("an https URL (http only on this machine)") },
    ]);
  });

  it("are fine together", () => {
    const oidc = { OIDC_ISSUER: "http://127.0.0.1:1", OIDC_CLIENT_ID: "id", OIDC_CLIENT_SECRET: "s" };
    expect(configProblems({ ...oidc, GITHUB_CLIENT_ID: "id", GITHUB_CLIENT_SECRET: "s" })).toEqual([]);
  });
});

it("is parsed once for each environment", () => {
  const env = { SESSION_TIMEOUT: "60" };
  expect(readConfig(env)).toBe(readConfig(env));
  expect(readConfig({ ...env })).not.toBe(readConfig(env));
});
