// The device login: a user code for a page of OpenAI, and polls until its user has agreed.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { unwrap } from "../../src/errors.ts";
import type { Directory } from "../../src/fleet/directory.ts";
import { deploy, directory, dump, forget, newAccount } from "./support/accounts.ts";

it("connects the account of the user who types the code", async () => {
  const [user, account] = [directory(), await newAccount({ email: "dora@example.com" })];
  const login = unwrap(await user.startDeviceLogin());
  expect(login).toEqual({
    user_code: expect.stringMatching(/^[0-9A-F]{4}-[0-9A-F]{4}$/),
    verification_url: `${env.OPENAI_AUTH_URL}/codex/device`,
    interval_s: 1,
    expires_at: expect.closeTo(Date.now() + 900_000, -5),
  });
  expect(unwrap(await user.credentialStatus()).device_login).toEqual(login);
  expect(unwrap(await user.pollDeviceLogin())).toEqual({ status: "pending", login });
  await account.approve(login.user_code);
  await rewind(user);
  expect(unwrap(await user.pollDeviceLogin())).toEqual({ status: "connected" });
  const status = unwrap(await user.credentialStatus());
  expect(status).toMatchObject({ device_login: null, oauth: { email: "dora@example.com", is_renewable: true } });
  // A page that polls once more gets to know it too.
  expect(unwrap(await user.pollDeviceLogin())).toEqual({ status: "connected" });
});

it("is not there where none was started", async () => {
  expect(await directory().pollDeviceLogin()).toMatchObject({ ok: false, code: "not_found" });
});

it("asks the auth server no more often than it says", async () => {
  const [user, account] = [directory(), await newAccount()];
  const { user_code } = unwrap(await user.startDeviceLogin());
  await user.pollDeviceLogin();
  await account.approve(user_code);
  expect(unwrap(await user.pollDeviceLogin())).toMatchObject({ status: "pending" });
});

it("takes the one code once, however many pages poll at the same time", async () => {
  const [user, account] = [directory(), await newAccount()];
  await account.approve(unwrap(await user.startDeviceLogin()).user_code);
  const polled = await Promise.all(Array.from({ length: 20 }, () => user.pollDeviceLogin()));
  expect(new Set(polled.map((each) => (each.ok ? each.value.status : each.code)))).toEqual(new Set(["connected"]));
});

it("outlives an eviction of its object", async () => {
  const [user, account] = [directory(), await newAccount()];
  const { user_code } = unwrap(await user.startDeviceLogin());
  await account.approve(user_code);
  expect(unwrap(await (await forget(user)).pollDeviceLogin())).toEqual({ status: "connected" });
});

it("ends when nobody agrees in time", async () => {
  const user = directory();
  unwrap(await user.startDeviceLogin());
  await rewind(user, 900_000);
  expect(unwrap(await user.credentialStatus()).device_login).toBeNull();
  expect(unwrap(await user.pollDeviceLogin())).toEqual({ status: "expired" });
  expect(await dump(user)).not.toContain("device_login");
});

it("goes on waiting while the auth server has a problem", async () => {
  const [user, account] = [directory(), await newAccount()];
  const { user_code } = unwrap(await user.startDeviceLogin());
  await account.approve(user_code);
  await deploy(user, { OPENAI_AUTH_URL: "http://127.0.0.1:9" });
  expect(unwrap(await user.pollDeviceLogin())).toMatchObject({ status: "pending" });
  await deploy(user, {});
  await rewind(user);
  expect(unwrap(await user.pollDeviceLogin())).toEqual({ status: "connected" });
});

it("does not begin where the auth server cannot be reached", async () => {
  const user = directory();
  await deploy(user, { OPENAI_AUTH_URL: "http://127.0.0.1:9" });
  expect(await user.startDeviceLogin()).toMatchObject({ ok: false, code: "model_unreachable" });
});

it("is not begun again and again, also not by one who calls each off", async () => {
  const user = directory();
  for (let times = 0; times < 5; times++) {
    unwrap(await user.startDeviceLogin());
    unwrap(await user.removeCredential("oauth"));
  }
  expect(await user.startDeviceLogin()).toMatchObject({ ok: false, code: "busy" });
  expect(await directory().startDeviceLogin()).toMatchObject({ ok: true });
});

it("is called off when the user disconnects ChatGPT, or starts another one", async () => {
  const [user, account] = [directory(), await newAccount()];
  const first = unwrap(await user.startDeviceLogin());
  const second = unwrap(await user.startDeviceLogin());
  await account.approve(first.user_code);
  expect(unwrap(await user.pollDeviceLogin())).toMatchObject({ status: "pending", login: second });
  unwrap(await user.removeCredential("oauth"));
  expect(await user.pollDeviceLogin()).toMatchObject({ ok: false, code: "not_found" });
});

/** As if the login had begun, and had last been polled, so much earlier. */
async function rewind(user: DurableObjectStub<Directory>, ms = 2_000): Promise<void> {
  await runInDurableObject(user, (_, { storage: { sql } }) => {
    const [row] = sql.exec<{ facts: string }>("SELECT facts FROM credentials WHERE kind = 'device_login'").toArray();
    const facts = JSON.parse(row?.facts ?? "{}");
    const earlier = { ...facts, polled_at: facts.polled_at - ms, expires_at: facts.expires_at - ms };
    sql.exec("UPDATE credentials SET facts = ? WHERE kind = 'device_login'", JSON.stringify(earlier));
  });
}
