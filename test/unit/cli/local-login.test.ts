// How the dev server lends the ChatGPT login of its machine: from the one auth.json, and refreshed in it.
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { LocalLoginLender } from "../../../src/cli/dev/local-login.ts";
import { LocalLoginAnswer } from "../../../src/fleet/local-login.ts";
import { makeScratchDir } from "../../support/app-server-driver.ts";
import type { Account, AccountBehaviour } from "../../support/fake-accounts/account.ts";
import { type StartedAccounts, startFakeAccounts } from "../../support/fake-accounts/start.ts";

let fake: StartedAccounts;
let directory: string;
let path: string;
let lender: LocalLoginLender;
const lines: string[] = [];

beforeAll(async () => {
  fake = await startFakeAccounts();
});

afterAll(() => fake.close());

beforeEach(async () => {
  directory = makeScratchDir("local-login-");
  path = join(directory, "auth.json");
  lines.length = 0;
  lender = await LocalLoginLender.start({ path, authUrl: fake.authUrl, onLine: (line) => lines.push(line) });
});

afterEach(async () => {
  await lender.stop();
  rmSync(directory, { recursive: true });
});

function login(behaviour: Partial<AccountBehaviour> = {}): Account {
  const account = fake.accounts.add(behaviour);
  writeFileSync(path, JSON.stringify({ ...account.authJson(), login_owner_id: "kept" }), { mode: 0o600 });
  return account;
}

async function ask(rejected: string | null = null): Promise<LocalLoginAnswer> {
  const { LOCAL_LOGIN_URL, LOCAL_LOGIN_TOKEN } = lender.vars;
  const headers = { authorization: `Bearer ${LOCAL_LOGIN_TOKEN}` };
  const response = await fetch(LOCAL_LOGIN_URL, { method: "POST", headers, body: JSON.stringify({ rejected }) });
  return LocalLoginAnswer.parse(await response.json());
}

const stored = () => JSON.parse(readFileSync(path, "utf8"));

it("lends the access token and leaves the file alone", async () => {
  const account = login({ plan: "pro" });
  const before = readFileSync(path, "utf8");
  expect(await ask()).toMatchObject({
    status: "ok",
    access_token: stored().tokens.access_token,
    account_id: account.id,
    plan: "pro",
    email: "ada@example.com",
    is_renewable: true,
  });
  expect(readFileSync(path, "utf8")).toBe(before);
});

it("never lends the refresh token, and lends nothing to a stranger", async () => {
  login();
  expect(JSON.stringify(await ask())).not.toContain("rt.");
  const response = await fetch(lender.vars.LOCAL_LOGIN_URL, { method: "POST", body: '{"rejected":null}' });
  expect([response.status, await response.text()]).toEqual([401, "null"]);
});

it("refreshes in the file what runs out soon or is refused, once for all who ask", async () => {
  const account = login({ access_ttl_s: 60 });
  account.behaviour.access_ttl_s = 3_600;
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
  const [first] = answers;
  expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1);
  expect(first).toMatchObject({ status: "ok", access_token: stored().tokens.access_token });
  const renewed = await ask(first?.status === "ok" ? first.id : null);
  expect(renewed).toMatchObject({ access_token: stored().tokens.access_token });
  expect(renewed).not.toEqual(first);
  expect(account.record).toMatchObject({ refreshes: 2, reuses: 0 });
  expect(stored()).toMatchObject({ login_owner_id: "kept", auth_mode: "chatgpt", tokens: { account_id: account.id } });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["auth.json"]);
});

it("takes what Codex has written meanwhile, in place of a refresh", async () => {
  const account = login();
  const first = await ask();
  writeFileSync(path, JSON.stringify(account.authJson()));
  const second = await ask(first.status === "ok" ? first.id : null);
  expect(second).toMatchObject({ status: "ok", access_token: stored().tokens.access_token });
  expect(account.record.refreshes).toBe(0);
});

it("takes what Codex has written while the auth server refused the same refresh", async () => {
  const account = login({ access_ttl_s: -1, refresh: "refresh_token_invalidated", refresh_delay_ms: 200 });
  const asked = ask();
  await expect.poll(() => account.record.client_ids.length).toBe(1);
  account.behaviour.access_ttl_s = 3_600;
  writeFileSync(path, JSON.stringify(account.authJson()));
  expect(await asked).toMatchObject({ status: "ok", access_token: stored().tokens.access_token });
});

it("refreshes the file behind a link, and leaves the link", async () => {
  login({ access_ttl_s: 60 });
  const target = join(directory, "real.json");
  writeFileSync(target, readFileSync(path));
  rmSync(path);
  symlinkSync(target, path);
  const before = readFileSync(target, "utf8");
  await ask();
  expect(readFileSync(target, "utf8")).not.toBe(before);
  expect(readFileSync(path, "utf8")).toBe(readFileSync(target, "utf8"));
});

it("says that the login has ended, to the server and to the developer", async () => {
  login({ access_ttl_s: -1, refresh: "refresh_token_expired" });
  expect(await ask()).toEqual({ status: "ended", problem: "refresh_token_expired" });
  expect(lines.join("\n")).toMatch(/auth\.json has ended.*npm run login/);
});

it("goes on with a token that is still good while the auth server has a problem", async () => {
  const account = login({ access_ttl_s: 60, refresh: 500 });
  expect(await ask()).toMatchObject({ status: "ok", account_id: account.id });
  expect(await ask()).toMatchObject({ status: "ok" });
});

it.each(["gone", "broken", "an API key by now"])("is unavailable while the file is %s, and says so", async (what) => {
  login();
  if (what === "gone") rmSync(path);
  else writeFileSync(path, what === "broken" ? "{" : '{"OPENAI_API_KEY":"sk-12345678"}');
  expect(await ask()).toEqual({ status: "unavailable" });
  expect(lines.join("\n")).toContain(path);
  expect(lines.join("\n")).not.toContain("sk-12345678");
});

it.skipIf(process.getuid?.() === 0)("spends no refresh token where it cannot write down the next one", async () => {
  const account = login({ access_ttl_s: -1 });
  chmodSync(directory, 0o500);
  expect(await ask()).toEqual({ status: "unavailable" });
  chmodSync(directory, 0o700);
  expect(account.record.client_ids).toEqual([]);
});
