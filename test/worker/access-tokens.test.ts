// Personal access tokens: made on the account page, good for what they say and as long as they say.
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { Browser, TEAM } from "./support/browser.ts";
import { listTools, send } from "./support/oauth-client.ts";

const TOKEN = /pcx_pat_(oidc-[0-9a-f]{32})_([0-9a-f]{16})_[\w-]{65}/;

async function made(fields: Readonly<Record<string, string | string[]>> = {}) {
  const browser = new Browser(TEAM);
  const userId = await browser.signInAsSomebody();
  const form = { name: "nightly build", days: "30", scope: ["codex:read", "codex:run"], ...fields };
  const page = await browser.post("/account/tokens", form);
  const [token = "", ofUser = "", id = ""] = TOKEN.exec(await page.text()) ?? [];
  return { browser, userId, page, token, ofUser, id };
}

const statusOf = async (token: string, path = "/mcp", settings: object = TEAM) =>
  (await listTools(token, path, { ...settings })).status;

describe("a personal access token", () => {
  it("says whose it is, and is shown once", async () => {
    const { browser, userId, page, token, ofUser, id } = await made();
    expect([page.status, page.headers.get("cache-control"), ofUser]).toEqual([200, "no-store", userId]);
    const later = await (await browser.get("/account")).text();
    expect(later).toContain("nightly build");
    expect(later).toContain(id);
    expect(later).not.toContain(token);
    expect(later).not.toMatch(TOKEN);
  });

  it("opens every endpoint", async () => {
    const { token } = await made();
    for (const path of ["/mcp", "/sse", "/tools/list_sessions"])
      expect([path, await statusOf(token, path)]).toEqual([path, 200]);
  });

  it("opens its own user's agents and nobody else's", async () => {
    const [ada, bob] = [await made(), await made()];
    // Nobody waits for its end: the gateway knows these people only by the environment of the Worker itself.
    const chat = { agent_id: "mine", message: "Hello.", wait_seconds: 0 };
    const post = (token: string, path: string, body: object) =>
      send(path, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        settings: TEAM,
      });
    expect((await post(ada.token, "/tools/chat", chat)).status).toBe(200);
    const sessions = async (token: string) => (await post(token, "/tools/list_sessions", {})).json<{ total: number }>();
    await vi.waitUntil(async () => (await sessions(ada.token)).total === 1, { timeout: 5_000 });
    expect(await sessions(bob.token)).toMatchObject({ total: 0 });
  });

  it("carries the scopes that were ticked", async () => {
    const { token } = await made({ scope: "codex:read" });
    const response = await send("/tools/get_my_session_info", {
      headers: { authorization: `Bearer ${token}` },
      settings: TEAM,
    });
    expect(await response.json()).toMatchObject({ caller: { scopes: ["codex:read"] } });
  });

  it("shows when it was used last", async () => {
    const { browser, token } = await made();
    expect(await (await browser.get("/account")).text()).toContain("never used");
    await statusOf(token);
    expect(await (await browser.get("/account")).text()).toMatch(/last used <time/);
  });

  it("is out once it is revoked, and only by its own user", async () => {
    const [ada, bob] = [await made(), await made()];
    await bob.browser.post(`/account/tokens/${ada.id}/revoke`);
    expect(await statusOf(ada.token)).toBe(200);
    await ada.browser.post(`/account/tokens/${ada.id}/revoke`);
    expect([await statusOf(ada.token), await statusOf(bob.token)]).toEqual([401, 200]);
  });

  it("is out when its time is over", async () => {
    const { browser, userId, token } = await made({ days: "7" });
    await runInDurableObject(env.DIRECTORY.getByName(userId), (_, { storage }) => {
      storage.sql.exec("UPDATE tokens SET expires_at = ?", Date.now() - 1);
    });
    expect(await statusOf(token)).toBe(401);
    expect(await (await browser.get("/account")).text()).toMatch(/Expired <time/);
  });

  it("is out once its user may no longer sign in", async () => {
    const { token } = await made();
    expect(await statusOf(token, "/mcp", { ...TEAM, ALLOWED_USERS: "somebody@else.example" })).toBe(401);
    expect(await statusOf(token, "/mcp", { ...TEAM, OIDC_ISSUER: "https://other.example" })).toBe(401);
    expect(await statusOf(token)).toBe(200);
  });

  it("opens no page", async () => {
    const { token } = await made();
    const response = await new Browser(TEAM).get("/account", { authorization: `Bearer ${token}` });
    expect(response.status).toBe(303);
  });

  it.each([
    ["no name", { name: "" }],
    ["a blank name", { name: "  " }],
    ["a name that is too long", { name: "x".repeat(61) }],
    ["no scope", { scope: [] }],
    ["an unknown scope", { scope: "codex:everything" }],
    ["a lifetime that is not offered", { days: "36500" }],
    ["a lifetime that is no number", { days: "7; DROP TABLE tokens" }],
  ])("is not made with %s", async (_, fields) => {
    const { page, token } = await made(fields);
    expect([page.status, token]).toEqual([400, ""]);
  });

  it("shows its name as text", async () => {
    const { browser } = await made({ name: `<script>alert("x")</script>` });
    expect(await (await browser.get("/account")).text()).not.toContain("<script");
  });

  it("is one of a hundred at most", async () => {
    const { browser, userId } = await made();
    const directory = env.DIRECTORY.getByName(userId);
    for (let index = 1; index < 100; index++) {
      const token = {
        id: `id-${index}`,
        secret: "s",
        name: "n",
        scopes: ["codex:read" as const],
        expires_at: Date.now() + 9e9,
      };
      expect(await directory.addToken(token)).toEqual({ ok: true, value: undefined });
    }
    const page = await browser.post("/account/tokens", { name: "more", days: "7", scope: "codex:read" });
    expect([page.status, await page.text()]).toEqual([400, expect.stringContaining("You have 100 tokens.")]);
  });
});

describe("what is not one of our tokens", () => {
  /** Everything that a stranger can learn: the answer without what differs in every answer. */
  async function answerTo(token: string) {
    const response = await listTools(token, "/mcp", TEAM);
    return { status: response.status, headers: [...response.headers], body: await response.text() };
  }

  it("is answered the same, whichever part of it is wrong", async () => {
    const { token, ofUser, id, browser } = await made();
    const revoked = await made();
    await revoked.browser.post(`/account/tokens/${revoked.id}/revoke`);
    const reference = await answerTo("pcx_pat_nonsense");
    for (const wrong of [
      revoked.token,
      token.replace(ofUser, `oidc-${"0".repeat(32)}`),
      token.replace(ofUser, "owner"),
      token.replace(id, "0".repeat(16)),
      `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`,
      token.slice(0, -22),
      token.toUpperCase(),
      `${token}A`,
      (browser.cookies.get("__Host-session") ?? "").replace("pcx_session", "pcx_pat"),
      browser.cookies.get("__Host-session") ?? "",
      "pcx_pat_a/b_0123456789abcdef_x",
      "pcx_pat_a:b_0123456789abcdef_x",
    ]) {
      expect([wrong, await answerTo(wrong)]).toEqual([wrong, reference]);
    }
    expect(await statusOf(token)).toBe(200);
  });

  it("makes no storage for a user that is not there", async () => {
    const { token, ofUser, userId } = await made();
    const strangers = Array.from({ length: 3 }, () => `oidc-${crypto.randomUUID().replaceAll("-", "")}`);
    for (const id of strangers) expect(await statusOf(token.replace(ofUser, id))).toBe(401);
    const objects = (await listDurableObjectIds(env.DIRECTORY)).map(String);
    expect(objects).toContain(String(env.DIRECTORY.idFromName(userId)));
    for (const id of strangers) expect(objects).not.toContain(String(env.DIRECTORY.idFromName(id)));
  });
});
