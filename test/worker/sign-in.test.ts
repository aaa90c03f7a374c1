// Signing in with the owner's password, the session that comes of it, and what slows down guessing.
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { signingKey } from "../../src/fleet/fleet-of.ts";
import { hashPassword } from "../../src/lib/password-hash.ts";
import { ownerAccount } from "../../src/signin/owner-password.ts";
import { Browser, fieldOf, TEAM } from "./support/browser.ts";

const isSignedIn = async (browser: Browser) => (await browser.get("/account")).status === 200;

describe("the owner's password", () => {
  it("signs in, with a cookie that scripts and other sites cannot use", async () => {
    const browser = new Browser();
    const response = await browser.signIn();
    expect([response.status, response.headers.get("location")]).toEqual([303, "/account"]);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-session=pcx_session_owner_\S+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it("may be kept as a hash", async () => {
    const OWNER_PASSWORD = hashPassword("correct horse battery staple");
    const browser = new Browser({ OWNER_PASSWORD });
    expect((await browser.signIn("correct horse battery stapl")).status).toBe(401);
    expect((await browser.signIn(OWNER_PASSWORD)).status).toBe(401);
    expect((await browser.signIn("correct horse battery staple")).status).toBe(303);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it.each(["", "wrong", `${env.OWNER_PASSWORD} `, env.OWNER_PASSWORD.toUpperCase(), "x".repeat(10_000)])(
    "is not %j",
    async (password) => {
      const browser = new Browser();
      const response = await browser.signIn(password);
      expect([response.status, response.headers.getSetCookie()]).toEqual([401, []]);
      expect(await response.text()).not.toContain("xxxx");
    },
  );

  it("is asked for only where one is set", async () => {
    const browser = new Browser({ ...TEAM, OWNER_PASSWORD: "" });
    expect((await browser.signIn("")).status).toBe(400);
    const page = await (await browser.get("/sign-in")).text();
    expect(page).not.toContain("password");
    expect(page).toContain("Continue with idp.example");
  });

  it("that is new ends the sessions of the old one, for good", async () => {
    const [settings, changed] = [{ OWNER_PASSWORD: "the old password" }, { OWNER_PASSWORD: "the new password" }];
    const [old, fresh] = [new Browser(settings), new Browser(changed)];
    await old.signIn(settings.OWNER_PASSWORD);
    expect(await isSignedIn(old)).toBe(true);
    old.settings = changed;
    expect(await isSignedIn(old)).toBe(false);
    await fresh.signIn(changed.OWNER_PASSWORD);
    expect([await isSignedIn(fresh), await isSignedIn(old)]).toEqual([true, false]);
  });
});

describe("guessing", () => {
  it("is slowed down after ten wrong passwords from one address, also for the right one", async () => {
    const browser = new Browser();
    for (let attempt = 0; attempt < 10; attempt++) expect((await browser.signIn("wrong")).status).toBe(401);
    for (const password of ["wrong", env.OWNER_PASSWORD]) {
      const response = await browser.signIn(password);
      expect(response.status).toBe(429);
      const seconds = Number(response.headers.get("retry-after"));
      expect(seconds).toBeGreaterThan(800);
      expect(seconds).toBeLessThanOrEqual(900);
      expect(await response.text()).toContain(`Try again in ${seconds} seconds.`);
    }
    expect((await new Browser().signIn()).status).toBe(303);
  });

  it("keeps nobody else waiting: it is counted in another object than containers are", async () => {
    const browser = new Browser();
    await browser.signIn("wrong");
    const { n } = await runInDurableObject(env.FLEET.getByName("fleet"), (_, { storage }) =>
      storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM attempts").one(),
    );
    expect(n).toBe(0);
  });

  it("is counted before it is looked at: many at once get no further than one after the other", async () => {
    const browser = new Browser();
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.signIn("wrong")));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
  });

  it("is forgotten once the right password comes", async () => {
    const browser = new Browser();
    for (let round = 0; round < 3; round++) {
      for (let attempt = 0; attempt < 6; attempt++) await browser.signIn("wrong");
      expect((await browser.signIn()).status).toBe(303);
    }
  });
});

describe("a session", () => {
  it("ends with sign-out, also for whoever kept the cookie", async () => {
    const browser = new Browser();
    await browser.signIn();
    const kept = new Map(browser.cookies);
    expect((await browser.post("/sign-out")).headers.get("location")).toBe("/sign-in");
    expect(browser.cookies.has("__Host-session")).toBe(false);
    for (const [name, value] of kept) browser.cookies.set(name, value);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it("ends everywhere where that is asked for, and only there", async () => {
    const [one, two, other] = [new Browser(TEAM), new Browser(TEAM), new Browser(TEAM)];
    const account = { method: "oidc", issuer: TEAM.OIDC_ISSUER, subject: "ada", email: null, name: null } as const;
    await one.signInAs(account);
    await two.signInAs(account);
    await other.signInAsSomebody();
    await one.post("/sign-out", { everywhere: "yes" });
    expect([await isSignedIn(one), await isSignedIn(two), await isSignedIn(other)]).toEqual([false, false, true]);
  });

  it("is over once the user may no longer sign in", async () => {
    const browser = new Browser(TEAM);
    await browser.signInAsSomebody();
    expect(await isSignedIn(browser)).toBe(true);
    for (const change of [{ ALLOWED_USERS: "" }, { OIDC_ISSUER: "https://other.example" }]) {
      browser.settings = { ...TEAM, ...change };
      expect(await isSignedIn(browser)).toBe(false);
    }
  });

  it("is none with a cookie that this server did not write, and asks no user's storage about it", async () => {
    const browser = new Browser();
    const { password_tag: tag } = (await ownerAccount(await signingKey(env.FLEET), "x")) as { password_tag: string };
    for (const user of ["owner", "nobody", "a/b", "a:b", "../owner"]) {
      browser.cookies.set("__Host-session", `pcx_session_${user}_0123456789abcdef_${"s".repeat(43)}${tag}`);
      expect(await isSignedIn(browser)).toBe(false);
    }
    const objects = (await listDurableObjectIds(env.DIRECTORY)).map(String);
    for (const user of ["nobody", "a/b", "a:b", "../owner"])
      expect(objects).not.toContain(String(env.DIRECTORY.idFromName(user)));
  });

  it("cannot be a token of another kind", async () => {
    const browser = new Browser(TEAM);
    await browser.signInAsSomebody();
    const session = browser.cookies.get("__Host-session") ?? "";
    const made = await (await browser.post("/account/tokens", { name: "t", days: "7", scope: "codex:read" })).text();
    const [token = ""] = /pcx_pat_[\w-]+/.exec(made) ?? [];
    const forged = new Browser(TEAM);
    forged.cookies.set("__Host-session", token.replace("pcx_pat", "pcx_session"));
    expect(await isSignedIn(forged)).toBe(false);
    forged.cookies.set("__Host-session", session);
    expect(await isSignedIn(forged)).toBe(true);
  });
});

describe("the page to go on to", () => {
  it.each([
    "/account",
    "/authorize?client_id=x&redirect_uri=https%3A%2F%2Fevil.example",
    "/approvals/default/turn_1/approval_1",
  ])("may be one of our own: %s", async (path) => {
    const response = await new Browser().post("/sign-in/password", {
      password: env.OWNER_PASSWORD,
      return_to: path,
    });
    expect(response.headers.get("location")).toBe(path);
  });

  it.each([
    "https://evil.example/account",
    "//evil.example/account",
    "/\\evil.example/account",
    "/\t/evil.example/account",
    "\\\\evil.example/account",
    "javascript:alert(1)",
    "/account@evil.example",
    "/account/../../evil",
    "/account\r\nset-cookie: a=b",
    "account",
    "/sign-out",
    "",
  ])("is never %j", async (path) => {
    const browser = new Browser();
    const page = await (await browser.get(`/sign-in?return_to=${encodeURIComponent(path)}`)).text();
    expect(fieldOf(page, "return_to")).toBe("/account");
    const fields = { password: env.OWNER_PASSWORD, return_to: path };
    expect((await browser.post("/sign-in/password", fields)).headers.get("location")).toBe("/account");
    expect((await browser.get(`/sign-in?return_to=${encodeURIComponent(path)}`)).headers.get("location")).toBe(
      "/account",
    );
  });
});
