// No page of another site can send a form in a visitor's name: tried with every form there is.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { dashboard } from "../../src/dashboard/routes.tsx";
import { Browser, ORIGIN, TEAM } from "./support/browser.ts";

const FORMS: Readonly<Record<string, Record<string, string>>> = {
  "/sign-in/password": { password: env.OWNER_PASSWORD },
  "/sign-out": {},
  "/authorize": { handle: "h", user: "u", decision: "approve", scope: "codex:read" },
  "/account/tokens": { name: "stolen", days: "7", scope: "codex:admin" },
  "/account/tokens/:id/revoke": {},
  "/account/clients/:id/disconnect": {},
  "/account/codex/device": {},
  "/account/codex/device/poll": {},
  "/account/codex/api-key": { api_key: "sk-stolen-0123456789-stolen" },
  "/account/codex/chatgpt": { auth_json: "{}" },
  "/account/codex/:method/disconnect": {},
  "/approvals/:agent_id/:turn_id/:approval_id": { decision: "accept" },
};

it("knows every form", () => {
  const posts = dashboard.routes.filter(({ method }) => method === "POST").map(({ path }) => path);
  expect(posts.sort()).toEqual(Object.keys(FORMS).sort());
});

describe.each(Object.entries(FORMS))("POST %s", (route, fields) => {
  const path = route.replaceAll(/:\w+/g, "x");

  it.each([
    ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["another host of the same site", { origin: "https://evil.codex.example", "sec-fetch-site": "same-site" }],
    ["the same host over http", { origin: "http://codex.example", "sec-fetch-site": "cross-site" }],
    ["the same host at another port", { origin: `${ORIGIN}:8443`, "sec-fetch-site": "same-site" }],
    ["a sandboxed page", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["an old browser that hides where it comes from", { origin: "", "sec-fetch-site": "" }],
  ])("is refused from %s", async (_, headers) => {
    const browser = new Browser(TEAM);
    const user = await browser.signInAsSomebody();
    const before = new Map(browser.cookies);
    const response = await browser.post(path, { ...fields, ...("user" in fields && { user }) }, headers);
    expect(response.status).toBe(403);
    expect([...browser.cookies]).toEqual([...before]);
    expect(await (await browser.get("/account")).text()).not.toContain("stolen");
  });

  it("is refused without end", async () => {
    const response = await new Browser(TEAM).post(path, { ...fields, filler: "x".repeat(100_000) });
    expect(response.status).toBe(413);
  });
});

it.each([
  ["/account/tokens", { name: "t", days: "7", scope: "codex:read" }],
  ["/account/tokens/0123456789abcdef/revoke", {}],
  ["/account/clients/abc/disconnect", {}],
  ["/account/codex/device", {}],
  ["/account/codex/device/poll", {}],
  ["/account/codex/api-key", { api_key: "sk-0123456789-abcdef" }],
  ["/account/codex/chatgpt", { auth_json: "{}" }],
  ["/account/codex/oauth/disconnect", {}],
  ["/approvals/default/turn_1/approval_1", { decision: "accept" }],
])("POST %s does nothing for a visitor who is not signed in", async (path, fields) => {
  expect((await new Browser().post(path, fields)).status).toBe(401);
});

it.each(["/account", "/account/tokens", "/approvals/default/turn_1/approval_1"])(
  "GET %s shows nothing to a visitor who is not signed in",
  async (path) => {
    const response = await new Browser().get(path);
    expect([response.status, await response.text()]).toEqual([303, ""]);
    expect(response.headers.get("location")).toBe(`/sign-in?return_to=${encodeURIComponent(path)}`);
  },
);
