// What must not be found where it does not belong: secrets in the log and in storage, and what strangers write in headers and lines.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { userIdOf } from "../../src/lib/account.ts";
import { Browser, somebody, TEAM } from "./support/browser.ts";
import { listTools, OAuthClient, send } from "./support/oauth-client.ts";
import { workerLog } from "./support/worker-log.ts";

it("a whole life of tokens leaves none of them in the log, in KV or in a Directory", async () => {
  const before = workerLog().length;
  const account = { ...somebody(), email: `ada-${crypto.randomUUID()}@example.com` };
  const browser = new Browser(TEAM);
  const userId = await browser.signInAs(account);
  const client = await OAuthClient.register(TEAM);
  const code = (await client.consent(browser)).searchParams.get("code") ?? "";
  const tokens = await (await client.redeem(code)).json<{ access_token: string; refresh_token: string }>();
  const renewed = await (await client.refresh(tokens.refresh_token)).json<typeof tokens>();
  const page = await (await browser.post("/account/tokens", { name: "t", days: "7", scope: "codex:read" })).text();
  const [pat = ""] = /pcx_pat_[\w-]+/.exec(page) ?? [];
  for (const token of [renewed.access_token, pat, `${pat}x`, code]) await listTools(token, "/mcp", TEAM);
  await client.redeem(code);

  const session = browser.cookies.get("__Host-session") ?? "";
  const ofClient = [tokens, renewed].flatMap(({ access_token, refresh_token }) => [access_token, refresh_token]);
  const secrets = [...ofClient, code, pat, session].map(secretPart);
  for (const secret of secrets) expect(secret.length).toBeGreaterThan(30);
  const places = { log: workerLog().slice(before).join("\n"), kv: await dumpKv(), directory: await dump(userId) };
  for (const [place, text] of Object.entries(places)) {
    expect(text.length).toBeGreaterThan(100);
    for (const secret of secrets) expect([place, text.includes(secret)]).toEqual([place, false]);
  }
  expect(places.kv).not.toContain(account.email);
  expect(places.log).not.toContain(account.email);
});

it("a wrong password is not logged, and neither is the right one", async () => {
  const before = workerLog().length;
  const browser = new Browser();
  await browser.signIn("a password that is wrong");
  await browser.signIn();
  const log = workerLog().slice(before).join("\n");
  expect(log).toContain("sign-in refused");
  expect(log).toContain("signed in");
  expect(log).not.toContain("a password that is wrong");
  expect(log).not.toContain(env.OWNER_PASSWORD);
});

it("what strangers send starts no new line in the log", async () => {
  const before = workerLog().length;
  const forged = '{"at":"2026-01-01T00:00:00.000Z","level":"INFO","message":"signed in"}';
  const browser = new Browser(TEAM);
  await browser.signInAsSomebody();
  const client = await OAuthClient.register(TEAM, { client_name: `a\r\n${forged}` });
  await client.connect(browser);
  await browser.get(await client.authorizePath({ client_id: `x\r\n${forged}` }));
  await send("/mcp", { method: "POST", headers: { "x-correlation-id": `${forged}` }, settings: TEAM });
  const lines = workerLog().slice(before);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.filter((line) => line.includes("\n") || line.startsWith(forged))).toEqual([]);
});

it("what strangers send adds no header to an answer", async () => {
  const browser = new Browser(TEAM);
  await browser.signInAsSomebody();
  const client = await OAuthClient.register(TEAM);
  const state = "x\r\nset-cookie: planted=1\r\n\r\n<script>";
  for (const decision of ["approve", "deny"] as const) {
    const path = await client.authorizePath({ state });
    const html = await (await browser.get(path)).text();
    expect(html).not.toContain("planted");
    const location = await client.consent(browser, { decision });
    expect(location.href).not.toMatch(/[\r\n<]/);
  }
  const answer = await browser.get(`/sign-in/oidc/callback?state=${encodeURIComponent(state)}&code=x`);
  expect([answer.status, answer.headers.getSetCookie().some((cookie) => cookie.startsWith("planted"))]).toEqual([
    400,
    false,
  ]);
});

it.each([
  ["slashes", "https://idp.example", "a/b"],
  ["colons", "https://idp.example", "a:b:c"],
  ["dots and backslashes", "https://idp.example", "..\\..\\owner"],
  ["another language, and an emoji", "https://idp.example", "ådå 🦀"],
  ["nothing but a name that somebody has", "https://idp.example", "owner"],
  ["10 000 characters", "https://idp.example", "x".repeat(10_000)],
])("a subject with %s becomes a plain user id", async (_, issuer, subject) => {
  const account = { method: "oidc", issuer, subject, email: null, name: null } as const;
  const userId = await userIdOf(account);
  expect(userId).toMatch(/^oidc-[0-9a-f]{32}$/);
  const browser = new Browser(TEAM);
  await browser.signInAs(account);
  const tokens = await (await OAuthClient.register(TEAM)).connect(browser);
  expect(tokens.access_token.split(":")[0]).toBe(userId);
  expect((await listTools(tokens.access_token, "/mcp", TEAM)).status).toBe(200);
});

it("the parts of an account cannot be moved between its fields", async () => {
  const ids = await Promise.all(
    [
      { issuer: "https://a", subject: "b" },
      { issuer: "https://a,b", subject: "" },
      { issuer: 'https://a","b', subject: "" },
      { issuer: "", subject: "https://ab" },
    ].map((parts) => userIdOf({ method: "oidc", ...parts, email: null, name: null })),
  );
  expect(new Set(ids).size).toBe(4);
});

/** Of tokens in parts, the user's id and the token's own are no secret. */
function secretPart(token: string): string {
  return token.split(":").at(-1)?.slice(-40) ?? token;
}

async function dumpKv(): Promise<string> {
  const parts: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page: KVNamespaceListResult<unknown> = await env.OAUTH_KV.list(cursor === undefined ? {} : { cursor });
    for (const { name, metadata } of page.keys) {
      parts.push(name, JSON.stringify(metadata), (await env.OAUTH_KV.get(name)) ?? "");
    }
    if (page.list_complete) return parts.join("\n");
    cursor = page.cursor;
  }
}

function dump(userId: string): Promise<string> {
  return runInDurableObject(env.DIRECTORY.getByName(userId), (_, { storage }) =>
    ["tokens", "browser_sessions", "account"]
      .map((table) => JSON.stringify(storage.sql.exec(`SELECT * FROM ${table}`).toArray()))
      .join("\n"),
  );
}
