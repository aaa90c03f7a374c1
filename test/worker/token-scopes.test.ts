// Every kind of token with every scope, at every tool, from the door of the server to the tool.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { SCOPES } from "../../src/lib/scopes.ts";
import { Browser, TEAM } from "./support/browser.ts";
import { OAuthClient, send } from "./support/oauth-client.ts";
import { NEEDED } from "./support/tool-scopes.ts";

const TOKEN = /pcx_pat_oidc-[0-9a-f]{32}_[0-9a-f]{16}_[\w-]{65}/;

const KINDS: Readonly<Record<string, (scope: string) => Promise<string>>> = {
  "a personal access token": async (scope) => {
    const browser = new Browser(TEAM);
    await browser.signInAsSomebody();
    const page = await browser.post("/account/tokens", { name: "one scope", days: "7", scope });
    return TOKEN.exec(await page.text())?.[0] ?? "";
  },
  "an app's token": async (scope) => {
    const browser = new Browser(TEAM);
    await browser.signInAsSomebody();
    const client = await OAuthClient.register(TEAM);
    return (await client.connect(browser, { scope: [scope] })).access_token;
  },
};

describe.each(Object.entries(KINDS))("%s", (_, make) => {
  describe.each(SCOPES)("with the scope %s", (scope) => {
    let token: string;

    beforeAll(async () => {
      token = await make(scope);
    });

    it.each(Object.entries(NEEDED))("at %s, which needs %s", async (tool, needed) => {
      // A parameter that no tool has: whoever is let in is told so, and nothing is started.
      const { status, challenge } = await call(token, tool);
      if (needed === scope) expect(status).toBe(400);
      else expect([status, challenge]).toEqual([403, expect.stringContaining(`scope="${needed}"`)]);
    });
  });
});

it.each(Object.keys(NEEDED))(
  "%s is closed to whoever brings no token, a wrong one, or a browser's session",
  async (tool) => {
    const browser = new Browser(TEAM);
    await browser.signInAsSomebody();
    const session = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const secret = session.split("=")[1] ?? "";
    for (const headers of [
      {},
      { authorization: "Bearer nonsense" },
      { authorization: `Bearer ${env.DEV_TOKEN}` },
      { authorization: `Bearer ${secret}` },
      { cookie: session },
    ]) {
      expect((await post(tool, headers)).status).toBe(401);
    }
  },
);

async function call(token: string, tool: string) {
  const response = await post(tool, { authorization: `Bearer ${token}` });
  return { status: response.status, challenge: response.headers.get("www-authenticate") };
}

function post(tool: string, headers: Record<string, string>): Promise<Response> {
  const json = { "content-type": "application/json", ...headers };
  return send(`/tools/${tool}`, { method: "POST", headers: json, body: '{"no_such_parameter":1}', settings: TEAM });
}
