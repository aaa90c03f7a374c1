// The credentials of a user in their Directory: what is taken, what is told, and what can be found on disk.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { unwrap } from "../../src/errors.ts";
import { connected, deploy, directory, dump, forget, newAccount } from "./support/accounts.ts";
import { eventually } from "./support/agents.ts";
import { workerLog } from "./support/worker-log.ts";

const KEY = "sk-own-0123456789abcdefghij-wxyz";
/** The first is the one of the tests' Worker; see vitest.config.ts. */
const [FIRST, SECOND] = [env.ENCRYPTION_KEY, "k2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="];

it("uses the server's API key for a user who has connected nothing", async () => {
  const user = directory();
  expect(unwrap(await user.credentialStatus())).toEqual({
    in_use: { method: "api_key", source: "server" },
    problem: null,
    api_key: { source: "server", hint: "", connected_at: null },
    oauth: null,
    device_login: null,
  });
  expect(unwrap(await user.modelCredential())).toMatchObject({ method: "api_key", api_key: env.OPENAI_API_KEY });
});

it("has no credential where neither user nor server has one, and says what to do", async () => {
  const user = directory();
  await deploy(user, { OPENAI_API_KEY: "" });
  expect(unwrap(await user.credentialStatus())).toMatchObject({ in_use: null, problem: { code: "no_credential" } });
  expect(await user.modelCredential()).toEqual({
    ok: false,
    code: "no_credential",
    message: expect.stringContaining("Connect"),
  });
});

it("keeps a user's own API key, and tells its last four characters only", async () => {
  const user = directory();
  unwrap(await user.saveApiKey(` ${KEY}\n`));
  const status = unwrap(await user.credentialStatus());
  expect(status).toMatchObject({
    in_use: { method: "api_key", source: "own" },
    api_key: { source: "own", hint: "wxyz", connected_at: expect.closeTo(Date.now(), -5) },
  });
  expect(unwrap(await user.modelCredential())).toMatchObject({ source: "own", api_key: KEY });
  unwrap(await user.removeCredential("api_key"));
  expect(unwrap(await user.modelCredential())).toMatchObject({ source: "server" });
});

it.each(["", "short", "sk with spaces in it", "sk-line\r\nx-evil: 1", "x".repeat(513)])(
  "refuses %j as an API key, and stores nothing",
  async (key) => {
    const user = directory();
    expect(await user.saveApiKey(key)).toMatchObject({ ok: false, code: "invalid_input" });
    expect(unwrap(await user.credentialStatus()).api_key?.source).toBe("server");
  },
);

it("keeps a ChatGPT login, tells whose it is and what is left, and prefers it to an API key", async () => {
  const account = await newAccount({ plan: "pro", email: "eve@example.com", used_percent: 42 });
  const user = await connected(account);
  unwrap(await user.saveApiKey(KEY));
  expect(unwrap(await user.credentialStatus())).toEqual({
    in_use: { method: "oauth", source: "own" },
    problem: null,
    api_key: expect.objectContaining({ hint: "wxyz" }),
    oauth: {
      source: "own",
      hint: account.id.slice(-4),
      connected_at: expect.closeTo(Date.now(), -5),
      email: "eve@example.com",
      plan: "pro",
      is_renewable: true,
      expires_at: expect.closeTo(Date.now() + 3_600_000, -5),
      needs_login: null,
      rate_limits: {
        primary: { used_percent: 42, window_minutes: 300, resets_at: 1_900_000_000_000 },
        secondary: { used_percent: 3, window_minutes: 10_080, resets_at: 1_900_000_001_000 },
        noted_at: expect.closeTo(Date.now(), -5),
      },
    },
    device_login: null,
  });
});

it("does not let those who look wait for a slow ChatGPT, and shows what it says the next time", async () => {
  const user = await connected(await newAccount({ usage_delay_ms: 2_500, used_percent: 5 }));
  const startedAt = Date.now();
  expect(unwrap(await user.credentialStatus())).toMatchObject({ problem: null, oauth: { rate_limits: null } });
  expect(Date.now() - startedAt).toBeLessThan(2_400);
  await eventually(async () => unwrap(await user.credentialStatus()).oauth?.rate_limits?.primary?.used_percent === 5);
});

it("takes an auth.json as text as well", async () => {
  const user = directory();
  unwrap(await user.saveChatGptLogin(JSON.stringify(await (await newAccount()).login())));
  expect(unwrap(await user.modelCredential())).toMatchObject({ method: "oauth" });
});

it("refuses an auth.json that holds an API key, and says where that goes", async () => {
  const saved = await directory().saveChatGptLogin({ auth_mode: "apikey", OPENAI_API_KEY: KEY });
  expect(saved).toMatchObject({ ok: false, code: "invalid_input", message: expect.stringContaining("as an API key") });
});

it.each([
  [{ CODEX_PREFER_OAUTH: "false" }, { method: "api_key", source: "own" }],
  [{ CODEX_AUTH_METHOD: "api_key" }, { method: "api_key", source: "own" }],
  [
    { CODEX_AUTH_METHOD: "oauth", CODEX_PREFER_OAUTH: "false" },
    { method: "oauth", source: "own" },
  ],
])("uses what the settings %j say", async (settings, choice) => {
  const user = await connected(await newAccount());
  unwrap(await user.saveApiKey(KEY));
  await deploy(user, settings);
  expect(unwrap(await user.credentialStatus()).in_use).toEqual(choice);
  expect(unwrap(await user.modelCredential())).toMatchObject(choice);
});

it("keeps what it has when its object is evicted", async () => {
  const user = await forget(await connected(await newAccount()));
  expect(unwrap(await user.modelCredential())).toMatchObject({ method: "oauth", source: "own" });
});

it("forgets a login that is removed", async () => {
  const user = await connected(await newAccount());
  unwrap(await user.removeCredential("oauth"));
  expect(unwrap(await user.credentialStatus())).toMatchObject({ oauth: null, in_use: { source: "server" } });
});

it("writes no secret to its database, and none to the log", async () => {
  const account = await newAccount({ access_ttl_s: 60 });
  const [user, login] = [directory(), await account.login()];
  unwrap(await user.saveChatGptLogin(login));
  unwrap(await user.saveApiKey(KEY));
  const { user_code } = unwrap(await user.startDeviceLogin());
  const renewed = unwrap(await user.modelCredential());
  const stored = await dump(user);
  expect(stored).toContain("oauth");
  const { access_token, refresh_token, id_token } = login.tokens;
  const secrets = [KEY, access_token, refresh_token, id_token, JSON.stringify(renewed), user_code];
  if (renewed.method === "oauth") secrets.push(renewed.access_token);
  const log = workerLog().join("\n");
  for (const secret of secrets) {
    expect(stored).not.toContain(secret);
    expect(log).not.toContain(secret);
  }
  expect(stored).not.toMatch(/eyJ[\w-]{10}|rt\.[0-9a-f]|sk-/);
  const told = JSON.stringify(unwrap(await user.credentialStatus()));
  for (const secret of [KEY, access_token, refresh_token, id_token]) expect(told).not.toContain(secret);
});

it("stores nothing without ENCRYPTION_KEY, and says how to make one", async () => {
  const user = directory();
  await deploy(user, { ENCRYPTION_KEY: "" });
  for (const saved of [
    await user.saveApiKey(KEY),
    await user.saveChatGptLogin(await (await newAccount()).login()),
    await user.startDeviceLogin(),
  ]) {
    expect(saved).toMatchObject({ ok: false, code: "misconfigured" });
    expect(saved).toMatchObject({ message: expect.stringMatching(/ENCRYPTION_KEY.*openssl rand -base64 32/) });
  }
  expect(await dump(user)).not.toContain("oauth");
});

it.each([
  ["another key under the same id", SECOND.replace("k2:", "k1:"), /"k1" in ENCRYPTION_KEY is another one/],
  ["no key under its id", SECOND, /"k1", is not in ENCRYPTION_KEY/],
  ["no key at all", "", /ENCRYPTION_KEY is not set/],
])("says what to do where there is %s, and works again with the right one", async (_, wrong, said) => {
  const user = directory();
  unwrap(await user.saveApiKey(KEY));
  await deploy(user, { ENCRYPTION_KEY: wrong });
  const refused = await user.modelCredential();
  expect(refused).toMatchObject({ ok: false, code: "credential_unreadable", message: expect.stringMatching(said) });
  expect(refused).toMatchObject({ message: expect.stringContaining("Put the earlier key back") });
  expect(unwrap(await user.credentialStatus()).problem).toMatchObject({
    code: "credential_unreadable",
    message: expect.stringMatching(said),
  });
  await deploy(user, {});
  expect(unwrap(await user.modelCredential())).toMatchObject({ api_key: KEY });
});

it("seals again under the new key what is used, so that the earlier one can go", async () => {
  const account = await newAccount();
  const user = await connected(account);
  const before = unwrap(await user.modelCredential());
  await deploy(user, { ENCRYPTION_KEY: `${SECOND},${FIRST}` });
  expect(unwrap(await user.modelCredential())).toEqual(before);
  await deploy(user, { ENCRYPTION_KEY: SECOND });
  expect(unwrap(await user.modelCredential())).toEqual(before);
});

it("opens nothing that was sealed for another user", async () => {
  const [one, two] = [directory(), directory()];
  unwrap(await one.saveApiKey(KEY));
  unwrap(await two.saveApiKey("sk-another-one-0123456789"));
  await copyRow(one, two);
  expect(await two.modelCredential()).toMatchObject({ ok: false, code: "credential_unreadable" });
});

async function copyRow(from: DurableObjectStub, to: DurableObjectStub): Promise<void> {
  const [row] = await runInDurableObject(from, (_, { storage }) =>
    storage.sql.exec<{ sealed: ArrayBuffer }>("SELECT sealed FROM credentials").toArray(),
  );
  await runInDurableObject(to, (_, { storage }) => {
    storage.sql.exec("UPDATE credentials SET sealed = ?", row?.sealed ?? new ArrayBuffer(0));
  });
}
