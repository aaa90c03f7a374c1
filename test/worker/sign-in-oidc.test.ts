// Signing in at a real OpenID Connect provider, and at one that lies in one thing at a time.
import { describe, expect, inject, it } from "vitest";
import { OIDC_CLIENT } from "../support/identity-clients.ts";
import { Browser, ORIGIN } from "./support/browser.ts";
import { visitProvider } from "./support/provider-visit.ts";
import { workerLog } from "./support/worker-log.ts";

const SETTINGS = {
  OWNER_PASSWORD: "",
  OIDC_ISSUER: inject("oidcUrl"),
  OIDC_CLIENT_ID: OIDC_CLIENT.id,
  OIDC_CLIENT_SECRET: OIDC_CLIENT.secret,
  ALLOWED_USERS: "*",
};

/** Up to the callback, which is where the browser is to go next. */
async function visited(login: string, overrides: object = {}, returnPath = "/account") {
  const browser = new Browser({ ...SETTINGS, ...overrides });
  const start = await browser.get(`/sign-in/oidc?return_to=${encodeURIComponent(returnPath)}`);
  const location = start.headers.get("location") ?? "";
  const { pathname, search } = await visitProvider(location, login);
  return { browser, location: new URL(location), callback: `${pathname}${search}` };
}

async function signedIn(login: string, overrides: object = {}, returnPath?: string) {
  const { browser, callback } = await visited(login, overrides, returnPath);
  return { browser, response: await browser.get(callback), callback };
}

describe("a person whom the provider vouches for", () => {
  it("is signed in, and comes to where they were going", async () => {
    const { browser, response } = await signedIn("ada", {}, "/approvals/a/turn_1/approval_1");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/approvals/a/turn_1/approval_1"]);
    expect(await (await browser.get("/account")).text()).toContain("ada@example.com");
  });

  it("is sent there with PKCE, a nonce and a state, and with no secret", async () => {
    const { location } = await visited("ada");
    const parameters = Object.fromEntries(location.searchParams);
    expect(parameters).toMatchObject({
      response_type: "code",
      redirect_uri: `${ORIGIN}/sign-in/oidc/callback`,
      scope: "openid email profile",
      code_challenge_method: "S256",
    });
    for (const name of ["code_challenge", "nonce", "state"]) expect(parameters[name]?.length).toBeGreaterThan(30);
    expect(location.href).not.toContain(OIDC_CLIENT.secret);
  });

  it("is the same user at each sign-in, and another one than everybody else", async () => {
    const idOf = async (login: string) =>
      /pcx_session_(oidc-[0-9a-f]{32})_/.exec((await signedIn(login)).browser.cookies.get("__Host-session") ?? "")?.[1];
    const [first, again, other] = [await idOf("ada"), await idOf("ada"), await idOf("bob")];
    expect(first).toBeDefined();
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it.each([
    ["their address", "ada", "Ada@Example.com"],
    ["their domain", "ada", "@example.com"],
    ["their subject", "ada", "oidc:ada"],
    ["everybody", "ada", "*"],
    ["their subject, without a verified address", "unverified-eve", "oidc:unverified-eve"],
  ])("gets in where the list has %s", async (_, login, ALLOWED_USERS) => {
    expect((await signedIn(login, { ALLOWED_USERS })).response.status).toBe(303);
  });

  it.each([
    ["nobody", "ada", ""],
    ["somebody else", "ada", "bob@example.com, @else.example, github:ada, oidc:ADA"],
    ["a domain that only ends like theirs", "ada", "@ample.com"],
    ["their address, which is not verified", "unverified-eve", "unverified-eve@example.com @example.com"],
  ])("does not get in where the list has %s, and is told what to ask for", async (_, login, ALLOWED_USERS) => {
    const { browser, response } = await signedIn(login, { ALLOWED_USERS });
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(/they add (?:ada@example\.com|oidc:unverified-eve) to ALLOWED_USERS/);
    expect(browser.cookies.has("__Host-session")).toBe(false);
  });
});

describe("a provider that lies", () => {
  it.each([
    "alg-none",
    "unsigned",
    "hmac-with-secret",
    "hmac-with-public-key",
    "strange-key",
    "own-key-in-header",
    "changed-subject",
    "other-issuer",
    "other-nonce",
    "no-nonce",
    "other-audience",
    "two-audiences",
    "expired",
    "no-subject",
  ])("signs nobody in: %s", async (defect) => {
    const { browser, response } = await signedIn(`ada+${defect}`);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("The sign-in at the identity provider did not succeed.");
    expect(browser.cookies.has("__Host-session")).toBe(false);
  });

  it("is named in the log with the reason, and without who wanted to sign in", async () => {
    const from = workerLog().length;
    await signedIn("ada+other-nonce");
    const log = workerLog().slice(from).join("\n");
    expect(log).toContain("nonce");
    expect(log).not.toContain("ada@example.com");
  });

  it("is told from the one that is set: its metadata must name the issuer", async () => {
    const OIDC_ISSUER = SETTINGS.OIDC_ISSUER.replace("127.0.0.1", "localhost");
    const response = await new Browser({ ...SETTINGS, OIDC_ISSUER }).get("/sign-in/oidc");
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("OIDC_ISSUER")]);
  });

  it("cannot pass on a code in another provider's name", async () => {
    const { browser, callback } = await visited("ada");
    const mixed = new URL(callback, ORIGIN);
    mixed.searchParams.set("iss", "https://evil.example");
    expect((await browser.get(`${mixed.pathname}${mixed.search}`)).status).toBe(403);
  });
});

describe("a callback", () => {
  it("is refused in another browser: nobody is signed in as somebody else", async () => {
    const { callback } = await visited("ada");
    const other = new Browser(SETTINGS);
    await other.get("/sign-in/oidc");
    const response = await other.get(callback);
    expect([response.status, other.cookies.has("__Host-session")]).toEqual([400, false]);
  });

  it("works once", async () => {
    const { browser, callback } = await visited("ada");
    const cookies = new Map(browser.cookies);
    expect((await browser.get(callback)).status).toBe(303);
    expect((await browser.get(callback)).status).toBe(400);
    // Also for whoever has kept the cookies: the provider takes its code once.
    const again = new Browser(SETTINGS);
    for (const [name, value] of cookies) again.cookies.set(name, value);
    expect((await again.get(callback)).status).toBe(403);
  });

  it.each([
    ["without a state", (url: URL) => url.searchParams.delete("state"), 400],
    ["with another state", (url: URL) => url.searchParams.set("state", "x".repeat(43)), 400],
    ["with another code", (url: URL) => url.searchParams.set("code", "x".repeat(43)), 403],
    ["without a code", (url: URL) => url.searchParams.delete("code"), 403],
    ["with an error", (url: URL) => url.searchParams.set("error", "access_denied"), 403],
  ])("is refused %s", async (_, change, status) => {
    const { browser, callback } = await visited("ada");
    const url = new URL(callback, ORIGIN);
    change(url);
    expect((await browser.get(`${url.pathname}${url.search}`)).status).toBe(status);
    expect(browser.cookies.has("__Host-session")).toBe(false);
  });

  it("is refused with a cookie that was changed", async () => {
    const { browser, callback } = await visited("ada", {}, "/account");
    for (const [name, value] of browser.cookies) {
      const [body = "", tag] = value.split(".");
      const flow = JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/")));
      const forged = btoa(JSON.stringify({ ...flow, return_path: "https://evil.example" })).replaceAll("=", "");
      browser.cookies.set(name, `${forged}.${tag}`);
    }
    expect((await browser.get(callback)).status).toBe(400);
  });

  it("goes to one of our own pages only", async () => {
    const { response } = await signedIn("ada", {}, "https://evil.example/");
    expect(response.headers.get("location")).toBe("/account");
  });
});

it("is not there where it is not set up", async () => {
  const browser = new Browser({ OIDC_ISSUER: "" });
  for (const path of ["/sign-in/oidc", "/sign-in/github"]) expect((await browser.get(path)).status).toBe(404);
});
