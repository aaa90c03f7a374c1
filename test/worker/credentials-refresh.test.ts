// The refresh of a ChatGPT login: a refresh token works once, so there is one refresher. The lab's auth server counts.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { unwrap } from "../../src/errors.ts";
import type { Directory } from "../../src/fleet/directory.ts";
import { connected, deploy, directory, forget, newAccount } from "./support/accounts.ts";
import { eventually } from "./support/agents.ts";

const SOON = { access_ttl_s: 60 };

it("uses an access token as long as it is good for a while", async () => {
  const account = await newAccount();
  const user = await connected(account);
  expect(await credentialOf(user)).toEqual(await credentialOf(user));
  expect((await account.record()).refreshes).toBe(0);
});

it("refreshes one that runs out soon, as the client that it was given to", async () => {
  const account = await newAccount(SOON);
  const user = directory();
  const login = await account.login();
  const oauth_provenance = { issuer: "http://127.0.0.1:9", client_id: "app_mine" };
  unwrap(await user.saveChatGptLogin({ ...login, tokens: { ...login.tokens, oauth_provenance } }));
  await account.change({ access_ttl_s: 3_600, plan: "pro" });
  const { access_token } = await credentialOf(user);
  expect(access_token).not.toBe(login.tokens.access_token);
  expect(await account.record()).toMatchObject({ refreshes: 1, client_ids: ["app_mine"] });
  expect(unwrap(await user.credentialStatus()).oauth).toMatchObject({ plan: "pro", needs_login: null });
});

it("makes one refresh for a hundred turns at once, and again one when that token runs out", async () => {
  const account = await newAccount(SOON);
  const user = await connected(account);
  await account.change({ access_ttl_s: 3_600, refresh_delay_ms: 100 });
  const tokens = await Promise.all(Array.from({ length: 100 }, async () => (await credentialOf(user)).access_token));
  expect(new Set(tokens).size).toBe(1);
  expect((await account.record()).refreshes).toBe(1);
});

it("makes one refresh for a hundred turns that were refused with the same token", async () => {
  const account = await newAccount();
  const user = await connected(account);
  const { id: rejected } = await credentialOf(user);
  const asked = Array.from({ length: 100 }, async () => (await credentialOf(user, rejected)).id);
  expect(new Set(await Promise.all(asked)).size).toBe(1);
  expect((await credentialOf(user, rejected)).id).not.toBe(rejected);
  expect((await account.record()).refreshes).toBe(1);
});

it("has written down the new refresh token before anybody gets to see the new access token", async () => {
  const account = await newAccount(SOON);
  let user = await connected(account);
  for (const times of [1, 2, 3]) {
    await credentialOf(user);
    user = await forget(user);
    expect((await account.record()).refreshes).toBe(times);
  }
});

it("asks for a new login where its object was lost with a refresh under way, and says that this may be the reason", async () => {
  const account = await newAccount({ access_ttl_s: -1, refresh_delay_ms: 200, reuses: 1 });
  const user = await connected(account);
  const asked = Promise.resolve(user.modelCredential()).catch(() => "lost");
  await eventually(async () => (await account.record()).client_ids.length === 1);
  const again = await forget(user);
  expect(await asked).toBe("lost");
  await eventually(async () => (await account.record()).refreshes === 1);
  expect(await again.modelCredential()).toMatchObject({
    code: "login_needed",
    message: expect.stringContaining("a refresh whose answer was lost"),
  });
});

it.each(["refresh_token_expired", "refresh_token_invalidated"] as const)(
  "asks for a new login after %s, and does not ask the auth server again",
  async (problem) => {
    const account = await newAccount({ ...SOON, refresh: problem });
    const user = await connected(account);
    for (const _ of [1, 2]) {
      expect(await user.modelCredential()).toEqual({
        ok: false,
        code: "login_needed",
        message: expect.stringMatching(/ChatGPT login has ended: .*npm run login/),
      });
    }
    expect((await account.record()).client_ids).toHaveLength(1);
    expect(unwrap(await user.credentialStatus())).toMatchObject({
      in_use: { method: "oauth", source: "own" },
      problem: { code: "login_needed", message: expect.stringContaining("npm run login") },
      oauth: { needs_login: problem },
    });
  },
);

it("asks for a new login where another copy has used the refresh token, and says so", async () => {
  const account = await newAccount({ ...SOON, reuses: 1 });
  const login = await account.login();
  const [one, two] = [directory(), directory()];
  for (const user of [one, two]) unwrap(await user.saveChatGptLogin(login));
  await credentialOf(one);
  const refused = await two.modelCredential();
  expect(refused).toMatchObject({ code: "login_needed", message: expect.stringContaining("another copy") });
});

it("is as good as new after a new login", async () => {
  const account = await newAccount({ ...SOON, refresh: "refresh_token_expired" });
  const user = await connected(account);
  await user.modelCredential();
  await account.change({ access_ttl_s: 3_600 });
  unwrap(await user.saveChatGptLogin(await account.login()));
  expect(unwrap(await user.credentialStatus()).oauth).toMatchObject({ needs_login: null });
  await credentialOf(user);
});

it.each(["hangup", 500, 429, "some_other_code"] as const)(
  "goes on with a token that is still good while the auth server answers %s",
  async (refresh) => {
    const account = await newAccount({ ...SOON, refresh });
    const user = await connected(account);
    const first = await credentialOf(user);
    expect(await credentialOf(user)).toEqual(first);
    // The second turn does not ask again at once.
    expect((await account.record()).client_ids).toHaveLength(1);
    expect(unwrap(await user.credentialStatus()).oauth).toMatchObject({ needs_login: null });
  },
);

it("waits for the auth server only so long while the token is good", { timeout: 15_000 }, async () => {
  const account = await newAccount({ ...SOON, refresh_delay_ms: 6_000 });
  const user = await connected(account);
  await account.change({ access_ttl_s: 3_600 });
  const startedAt = Date.now();
  const old = await credentialOf(user);
  expect(Date.now() - startedAt).toBeLessThan(5_900);
  // The refresh goes on, and is the only one.
  await eventually(async () => (await account.record()).refreshes === 1);
  await eventually(async () => (await credentialOf(user)).id !== old.id);
});

it.each(["hangup", 503] as const)(
  "says that it is for the moment only where the token has run out and the auth server answers %s",
  async (refresh) => {
    const account = await newAccount({ access_ttl_s: -1, refresh });
    const user = await connected(account);
    expect(await user.modelCredential()).toMatchObject({ ok: false, code: "model_unreachable" });
    await account.change({ refresh: "ok", access_ttl_s: 3_600 });
    await credentialOf(user);
    expect((await account.record()).refreshes).toBe(1);
  },
);

it("lets a login stand that was made during a refresh of the one before", async () => {
  const [before, after] = [await newAccount({ access_ttl_s: -1, refresh_delay_ms: 300 }), await newAccount()];
  const user = await connected(before);
  const asked = user.modelCredential();
  await eventually(async () => (await before.record()).client_ids.length === 1);
  unwrap(await user.saveChatGptLogin(await after.login()));
  expect(unwrap(await asked)).toMatchObject({ account_id: after.id });
  expect(await credentialOf(user)).toMatchObject({ account_id: after.id });
});

it("does not bring back a login that was removed during its refresh", async () => {
  const account = await newAccount({ access_ttl_s: -1, refresh_delay_ms: 300 });
  const user = await connected(account);
  const asked = user.modelCredential();
  await eventually(async () => (await account.record()).client_ids.length === 1);
  unwrap(await user.removeCredential("oauth"));
  expect(await asked).toMatchObject({ ok: false, code: "no_credential" });
  expect(unwrap(await user.credentialStatus()).oauth).toBeNull();
});

it.each([
  ["has expired", { access_ttl_s: -1 }, false, "access_token_expired"],
  ["is refused", {}, true, "access_token_rejected"],
] as const)("asks for a new login where a bare access token %s", async (_, behaviour, isRefused, problem) => {
  const { tokens } = await (await newAccount(behaviour)).login();
  const user = directory();
  unwrap(await user.saveChatGptLogin({ tokens: { access_token: tokens.access_token } }));
  const rejected = isRefused ? (await credentialOf(user)).id : undefined;
  expect(await user.modelCredential({ rejected })).toMatchObject({ ok: false, code: "login_needed" });
  expect(unwrap(await user.credentialStatus()).oauth).toMatchObject({ needs_login: problem, is_renewable: false });
});

it("does not use another credential where a login has ended", async () => {
  const user = await connected(await newAccount({ ...SOON, refresh: "refresh_token_expired" }));
  unwrap(await user.saveApiKey(env.OPENAI_API_KEY));
  expect(await user.modelCredential()).toMatchObject({ code: "login_needed" });
  await deploy(user, { CODEX_AUTH_METHOD: "api_key" });
  expect(unwrap(await user.modelCredential())).toMatchObject({ method: "api_key" });
});

async function credentialOf(user: DurableObjectStub<Directory>, rejected?: string) {
  const credential = unwrap(await user.modelCredential({ rejected }));
  if (credential.method !== "oauth") throw new Error("not a ChatGPT login");
  return credential;
}
