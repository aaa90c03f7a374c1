// Signing in at GitHub.
import { describe, expect, inject, it } from "vitest";
import { GITHUB_CLIENT } from "../support/identity-clients.ts";
import { Browser, ORIGIN } from "./support/browser.ts";

const GITHUB_URL = inject("githubUrl");
const SETTINGS = {
  GITHUB_CLIENT_ID: GITHUB_CLIENT.id,
  GITHUB_CLIENT_SECRET: GITHUB_CLIENT.secret,
  GITHUB_URL,
  GITHUB_API_URL: `${GITHUB_URL}/api`,
  ALLOWED_USERS: "*",
};

async function visited(login: string, overrides: object = {}) {
  const browser = new Browser({ ...SETTINGS, ...overrides });
  const start = await browser.get("/sign-in/github?return_to=/account");
  const location = new URL(start.headers.get("location") ?? "");
  location.searchParams.set("login", login);
  const back = await fetch(location, { redirect: "manual" });
  const { pathname, search } = new URL(back.headers.get("location") ?? "");
  return { browser, location, callback: `${pathname}${search}` };
}

async function signedIn(login: string, overrides: object = {}) {
  const { browser, callback } = await visited(login, overrides);
  return { browser, response: await browser.get(callback) };
}

describe("a person with a GitHub account", () => {
  it("is signed in, by PKCE and without more than their addresses", async () => {
    const { browser, location, callback } = await visited("Ada");
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      client_id: GITHUB_CLIENT.id,
      redirect_uri: `${ORIGIN}/sign-in/github/callback`,
      scope: "user:email",
      code_challenge_method: "S256",
    });
    expect((await browser.get(callback)).headers.get("location")).toBe("/account");
    expect(browser.cookies.get("__Host-session")).toMatch(/^pcx_session_github-[0-9a-f]{32}_/);
    expect(await (await browser.get("/account")).text()).toContain("@Ada");
  });

  it.each([
    ["their login", "Ada", "github:ada"],
    ["their address", "Ada", "ada@example.com"],
    ["their login, without a verified address", "unverified-eve", "github:unverified-eve"],
  ])("gets in where the list has %s", async (_, login, ALLOWED_USERS) => {
    expect((await signedIn(login, { ALLOWED_USERS })).response.status).toBe(303);
  });

  it.each([
    ["nobody", "Ada", ""],
    ["another's login", "Ada", "github:adam oidc:ada"],
    ["an address that is not verified", "unverified-eve", "unverified-eve@example.com"],
    ["an address that is not the primary one", "Ada", "second@else.example"],
  ])("does not get in where the list has %s", async (_, login, ALLOWED_USERS) => {
    const { browser, response } = await signedIn(login, { ALLOWED_USERS });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining(`github:${login}`)]);
    expect(browser.cookies.has("__Host-session")).toBe(false);
  });

  it("is another user on another server", async () => {
    const { browser } = await signedIn("Ada");
    browser.settings = { ...SETTINGS, GITHUB_URL: "https://github.example.com" };
    expect((await browser.get("/account")).status).toBe(303);
  });
});

it.each([
  ["another browser", new Browser(SETTINGS), 400],
  ["a wrong secret", undefined, 403],
])("nobody is signed in with %s", async (_, other, status) => {
  const { browser, callback } = await visited("Ada");
  browser.settings = { ...SETTINGS, GITHUB_CLIENT_SECRET: "wrong" };
  const visitor = other ?? browser;
  expect((await visitor.get(callback)).status).toBe(status);
  expect(visitor.cookies.has("__Host-session")).toBe(false);
});

it("a callback of the one provider is none of the other's", async () => {
  const { browser, callback } = await visited("Ada");
  expect((await browser.get(callback.replace("github", "oidc"))).status).toBe(400);
});
