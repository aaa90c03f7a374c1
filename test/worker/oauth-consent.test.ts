// The consent page: it says what is asked for, and only the person who sees it can answer.
import { describe, expect, it } from "vitest";
import { Browser, fieldOf, ORIGIN, somebody, TEAM } from "./support/browser.ts";
import { OAuthClient } from "./support/oauth-client.ts";

async function asked(metadata: object = {}, overrides: Readonly<Record<string, string>> = {}) {
  const browser = new Browser(TEAM);
  await browser.signInAsSomebody();
  const client = await OAuthClient.register(TEAM, metadata);
  const page = await browser.get(await client.authorizePath(overrides));
  const html = await page.text();
  const form = {
    handle: fieldOf(html, "handle"),
    user: fieldOf(html, "user"),
    decision: "approve",
    scope: "codex:read",
  };
  return { browser, client, page, html, form };
}

describe("the page", () => {
  it("asks whoever is not signed in to do so first, and comes back", async () => {
    const [browser, client] = [new Browser(TEAM), await OAuthClient.register(TEAM)];
    const path = await client.authorizePath();
    const response = await browser.get(path);
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      `/sign-in?return_to=${encodeURIComponent(path)}`,
    ]);
    const form = await (await browser.get(response.headers.get("location") ?? "")).text();
    expect(fieldOf(form, "return_to")).toBe(path);
    const back = await browser.post("/sign-in/password", {
      password: "password of the tests",
      return_to: fieldOf(form, "return_to"),
    });
    expect([back.status, back.headers.get("location")]).toEqual([303, path]);
  });

  it("names the client, where its access goes, and the scopes, ticked as asked", async () => {
    const { html } = await asked({ client_name: "Claude" }, { scope: "codex:read" });
    expect(html).toContain("Connect Claude?");
    expect(html).toContain("client.example");
    expect(html).toMatch(/value="codex:read" checked/);
    expect(html).not.toMatch(/value="codex:(?:run|admin)" checked/);
    expect(html).not.toContain("a program on your computer");
  });

  it("ticks what is needed to work where the client names no scope that is known", async () => {
    const { html } = await asked({}, { scope: "openid offline_access" });
    expect(html.match(/ checked/g)).toHaveLength(2);
    expect(html).not.toMatch(/value="codex:admin" checked/);
  });

  it("warns of a program on the user's own computer", async () => {
    const { html } = await asked({ redirect_uris: ["http://127.0.0.1:4242/callback"] });
    expect(html).toContain("This gives access to a program on your computer.");
  });

  it("shows what a client says of itself as text, however it is written", async () => {
    const client_name = `</title><script>alert(1)</script><img src=x onerror=alert(2)>" onfocus="alert(3)`;
    const { html } = await asked({ client_name });
    expect(html).not.toMatch(/<script|<img src=x|" onfocus="/);
    expect(html).toContain("&lt;script&gt;");
  });

  it("cannot be framed, runs no script, and sends its form here", async () => {
    const { page } = await asked();
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.headers.get("cache-control")).toBe("no-store");
    const policies = page.headers.get("content-security-policy") ?? "";
    expect(policies).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https:",
    );
  });
});

describe("an answer", () => {
  it("that says no goes to the client as an error", async () => {
    const { browser, form, client } = await asked();
    const response = await browser.post("/authorize", { ...form, decision: "deny" });
    const { searchParams } = new URL(response.headers.get("location") ?? "");
    expect(Object.fromEntries(searchParams)).toMatchObject({
      error: "access_denied",
      iss: ORIGIN,
      state: client.state,
    });
  });

  it("counts once", async () => {
    const { browser, form } = await asked();
    const cookies = new Map(browser.cookies);
    expect((await browser.post("/authorize", form)).status).toBe(303);
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    expect((await browser.post("/authorize", form)).status).toBe(400);
  });

  it.each([
    ["without a scope", { scope: [] }],
    ["with a scope that there is not", { scope: ["codex:read", "codex:everything"] }],
    ["with no handle", { handle: "" }],
    ["with a made-up handle", { handle: "A".repeat(43) }],
    ["with another decision", { decision: "perhaps" }],
  ])("is refused %s, and nothing goes to the client", async (_, overrides) => {
    const { browser, form } = await asked();
    const response = await browser.post("/authorize", { ...form, ...overrides });
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
  });

  it("is refused from another browser, even of the same user", async () => {
    const { form } = await asked();
    const account = somebody();
    const [here, there] = [new Browser(TEAM), new Browser(TEAM)];
    await here.signInAs(account);
    const user = await there.signInAs(account);
    const client = await OAuthClient.register(TEAM);
    const html = await (await here.get(await client.authorizePath())).text();
    const response = await there.post("/authorize", { ...form, user, handle: fieldOf(html, "handle") });
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
  });

  it("is refused where somebody else has signed in since", async () => {
    const { browser, form } = await asked();
    await browser.signInAsSomebody();
    const response = await browser.post("/authorize", form);
    expect([response.status, response.headers.get("location")]).toEqual([403, null]);
  });

  it("is refused from a browser that is not signed in", async () => {
    const { browser, form } = await asked();
    browser.cookies.delete("__Host-session");
    const response = await browser.post("/authorize", form);
    expect([response.status, response.headers.get("location")]).toEqual([403, null]);
  });
});
