// The server's own ChatGPT login, for users who have none: one refresher for all of them.
import { afterEach, beforeEach, expect, it } from "vitest";
import { unwrap } from "../../src/errors.ts";
import type { LocalLoginRequest } from "../../src/fleet/local-login.ts";
import { SERVER_DIRECTORY } from "../../src/fleet/server-login.ts";
import { deploy, directory, dump, forget, newAccount, type TestAccount } from "./support/accounts.ts";
import { eventually } from "./support/agents.ts";
import { askModel, knownAgent } from "./support/gateway.ts";
import { upstream } from "./support/lab.ts";

type Settings = Partial<Record<string, string>>;

let server: ReturnType<typeof directory>;

beforeEach(() => {
  server = directory(SERVER_DIRECTORY);
});

afterEach(async () => {
  await server.removeCredential("oauth");
  await forget(server);
});

/** A user on a server with these settings. */
async function userOf(settings: Settings) {
  const user = directory();
  await deploy(server, settings);
  await deploy(user, settings);
  return user;
}

async function fallbackOf(account: TestAccount): Promise<Settings> {
  return { CHATGPT_OAUTH_TOKEN: JSON.stringify(await account.login()) };
}

it("is what turns use before the server's API key, and does not say whose it is", async () => {
  const account = await newAccount({ email: "owner@example.com", plan: "team" });
  const user = await userOf(await fallbackOf(account));
  expect(unwrap(await user.credentialStatus())).toMatchObject({
    in_use: { method: "oauth", source: "server" },
    oauth: { source: "server", email: null, plan: "team", is_renewable: true, hint: account.id.slice(-4) },
    api_key: null,
  });
  expect(unwrap(await user.modelCredential())).toMatchObject({ source: "server", account_id: account.id });
});

it("comes after whatever the user has, unless the settings rule that out", async () => {
  const settings = await fallbackOf(await newAccount());
  const user = await userOf(settings);
  unwrap(await user.saveApiKey("sk-own-0123456789"));
  expect(unwrap(await user.modelCredential())).toMatchObject({ method: "api_key", source: "own" });
  await deploy(user, { ...settings, CODEX_AUTH_METHOD: "oauth" });
  expect(unwrap(await user.modelCredential())).toMatchObject({ method: "oauth", source: "server" });
});

it("is refreshed once for a hundred users at once", async () => {
  const account = await newAccount({ access_ttl_s: 60, refresh_delay_ms: 100 });
  const settings = await fallbackOf(account);
  await account.change({ access_ttl_s: 3_600 });
  const users = await Promise.all(Array.from({ length: 100 }, () => userOf(settings)));
  const credentials = await Promise.all(users.map(async (user) => unwrap(await user.modelCredential())));
  expect(new Set(credentials.map(({ id }) => id)).size).toBe(1);
  expect((await account.record()).refreshes).toBe(1);
});

it("goes on from its newest refresh token, while the settings still hold the first", async () => {
  const account = await newAccount({ access_ttl_s: 60 });
  const settings = await fallbackOf(account);
  for (const times of [1, 2, 3]) {
    server = await forget(server);
    unwrap(await (await userOf(settings)).modelCredential());
    expect((await account.record()).refreshes).toBe(times);
  }
  expect(await dump(server)).not.toMatch(/eyJ[\w-]{10}|rt\.[0-9a-f]/);
});

it("is replaced when the settings are, also where it has ended", async () => {
  const account = await newAccount({ access_ttl_s: 60, refresh: "refresh_token_expired" });
  const user = await userOf(await fallbackOf(account));
  expect(await user.modelCredential()).toMatchObject({ ok: false, code: "login_needed" });
  expect(unwrap(await user.credentialStatus()).oauth).toMatchObject({ needs_login: "refresh_token_expired" });
  await account.change({ access_ttl_s: 3_600, refresh: "ok" });
  const settings = await fallbackOf(account);
  await deploy(server, settings);
  expect(unwrap(await user.modelCredential())).toMatchObject({ account_id: account.id });
});

it.each([
  ["a bare access token", (tokens: { access_token: string }) => tokens.access_token, {}],
  ["an auth.json without ENCRYPTION_KEY", (tokens: object) => JSON.stringify({ tokens }), { ENCRYPTION_KEY: "" }],
])("is used as it is where it is %s, and never refreshed", async (_, toText, settings) => {
  const account = await newAccount({ access_ttl_s: 60 });
  const { tokens } = await account.login();
  const user = await userOf({ CHATGPT_OAUTH_TOKEN: toText(tokens), ...settings });
  const { id: rejected, ...credential } = unwrap(await user.modelCredential());
  expect(credential).toMatchObject({ access_token: tokens.access_token });
  expect(unwrap(await user.credentialStatus()).oauth).toMatchObject({ is_renewable: false, needs_login: null });
  expect(await user.modelCredential({ rejected })).toMatchObject({ ok: false, code: "login_needed" });
  expect(unwrap(await user.credentialStatus()).oauth).toMatchObject({ needs_login: "access_token_rejected" });
  expect((await account.record()).client_ids).toEqual([]);
});

it("is used for an agent's requests, renewed when it is refused, and its limits are noted", async () => {
  const account = await newAccount({ used_percent: 70 });
  const { token, userId } = await knownAgent();
  const settings = await fallbackOf(account);
  for (const each of [server, directory(userId)]) await deploy(each, settings);
  expect((await askModel({ token })).status).toBe(200);
  await account.revoke();
  await account.change({ used_percent: 71 });
  const response = await askModel({ token });
  expect([response.status, await response.text()]).toEqual([200, "data: first\n\ndata: last\n\n"]);
  await eventually(async () => {
    const { oauth } = unwrap(await directory(userId).credentialStatus());
    return oauth?.rate_limits?.primary?.used_percent === 71;
  });
});

it("stays on a developer's machine where it was found there: the server asks for it, and for another when it is refused", async () => {
  const lender = upstream("lender");
  const settings = { LOCAL_LOGIN_URL: lender.baseUrl, LOCAL_LOGIN_TOKEN: "t".repeat(32) };
  const user = await userOf(settings);
  const first = unwrap(await user.modelCredential());
  expect(unwrap(await user.modelCredential())).toEqual(first);
  expect(first).toMatchObject({ method: "oauth", source: "server", account_id: "acc-1" });
  const second = unwrap(await user.modelCredential({ rejected: first.id }));
  expect(second.id).not.toBe(first.id);
  const asked = (await lender.requests()).map(({ headers, body }) => [headers.authorization, JSON.parse(body)]);
  const bearer = `Bearer ${settings.LOCAL_LOGIN_TOKEN}`;
  expect(asked).toEqual([
    [bearer, { rejected: null } satisfies LocalLoginRequest],
    [bearer, { rejected: first.id }],
  ]);
  expect(await dump(server)).not.toContain("oauth");
});

it("is for the moment only not there while the developer's machine does not hand it out", async () => {
  const user = await userOf({ LOCAL_LOGIN_URL: "http://127.0.0.1:9", LOCAL_LOGIN_TOKEN: "t".repeat(32) });
  expect(await user.modelCredential()).toMatchObject({ ok: false, code: "model_unreachable" });
});
