// The Codex credential on the account page: connected, shown without a secret, disconnected.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { unwrap } from "../../src/errors.ts";
import { newAccount } from "./support/accounts.ts";
import { Browser, TEAM } from "./support/browser.ts";

const KEY = "sk-own-0123456789abcdefghij-wxyz";

async function signedIn() {
  const browser = new Browser(TEAM);
  const userId = await browser.signInAsSomebody();
  const status = async () => unwrap(await env.DIRECTORY.getByName(userId).credentialStatus());
  const page = async () => textOf(await browser.get("/account"));
  return { browser, status, page };
}

it("connects ChatGPT by a code that is typed there, and disconnects it", async () => {
  const account = await newAccount({ email: "ada@example.com", plan: "plus" });
  const { browser, status, page } = await signedIn();
  expect((await browser.post("/account/codex/device")).headers.get("location")).toBe("/account");
  const code = (await status()).device_login?.user_code ?? "";
  expect(await page()).toContain(code);
  const early = await browser.post("/account/codex/device/poll");
  expect(await textOf(early)).toContain("has not been told the code yet");
  await account.approve(code);
  // No more often than ChatGPT allows.
  await expect
    .poll(async () => (await browser.post("/account/codex/device/poll")).status, { timeout: 10_000 })
    .toBe(303);
  expect(await page()).toMatch(/ChatGPT plus.*in use.*ada@example\.com/);
  expect((await browser.post("/account/codex/oauth/disconnect")).status).toBe(303);
  expect(await status()).toMatchObject({ oauth: null, in_use: { source: "server" } });
});

it("takes an API key, and shows its end only", async () => {
  const { browser, page, status } = await signedIn();
  const refused = await browser.post("/account/codex/api-key", { api_key: "not a key" });
  expect(refused.status).toBe(400);
  expect(await textOf(refused)).not.toContain("not a key");
  await browser.post("/account/codex/api-key", { api_key: ` ${KEY}\n` });
  expect(await page()).toMatch(/API key …wxyz in use/);
  expect(await (await browser.get("/account")).text()).not.toContain(KEY);
  await browser.post("/account/codex/api_key/disconnect");
  expect(await status()).toMatchObject({ api_key: { source: "server" } });
});

it("takes the text of an auth.json, and says what is wrong with one that is none", async () => {
  const account = await newAccount();
  const { browser, status } = await signedIn();
  const refused = await browser.post("/account/codex/chatgpt", {
    auth_json: '{"tokens":{"refresh_token":"rt.secret"}}',
  });
  expect(refused.status).toBe(400);
  const text = await textOf(refused);
  expect(text).toContain("auth.json");
  expect(text).not.toContain("rt.secret");
  await browser.post("/account/codex/chatgpt", { auth_json: JSON.stringify(await account.login()) });
  expect(await status()).toMatchObject({ in_use: { method: "oauth", source: "own" } });
});

it("shows nothing of one user's credential to another", async () => {
  const [ada, bob] = [await signedIn(), await signedIn()];
  await ada.browser.post("/account/codex/api-key", { api_key: KEY });
  expect(await bob.page()).not.toContain("wxyz");
  await bob.browser.post("/account/codex/api_key/disconnect");
  expect(await ada.page()).toContain("wxyz");
});

it("knows no other credential", async () => {
  const { browser } = await signedIn();
  expect((await browser.post("/account/codex/password/disconnect")).status).toBe(404);
});

/** As it reads. */
async function textOf(response: Response): Promise<string> {
  return (await response.text()).replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
}
