// Clients that are known by a page of their own: https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration
import { afterEach, describe, expect, it, vi } from "vitest";
import { Browser, fieldOf, TEAM } from "./support/browser.ts";
import { listTools, OAuthClient, Tokens } from "./support/oauth-client.ts";

afterEach(() => vi.restoreAllMocks());

/** The network, as far as it goes: the client's page, and what is asked of it. */
function publish(clientId: string, document: unknown, status = 200): string[] {
  const asked: string[] = [];
  const { fetch } = globalThis;
  // The library's own word on each page that it does not like.
  vi.spyOn(console, "warn").mockReturnValue();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new Request(input).url;
    if (!url.startsWith("https://")) return fetch(input, init);
    asked.push(url);
    return url === clientId ? Response.json(document, { status }) : new Response(null, { status: 404 });
  });
  return asked;
}

async function signedIn(): Promise<Browser> {
  const browser = new Browser(TEAM);
  await browser.signInAsSomebody();
  return browser;
}

/** A client whose id is a page that nobody has asked for yet. */
async function pageClient(document: object = {}) {
  const client_id = `https://app.example/oauth/${crypto.randomUUID()}`;
  const redirect_uri = "http://localhost:4242/callback";
  const metadata = {
    client_id,
    client_name: "Page App",
    redirect_uris: ["http://localhost/callback"],
    token_endpoint_auth_method: "none",
    ...document,
  };
  const asked = publish(client_id, metadata);
  return { client: OAuthClient.known({ client_id, redirect_uri }, TEAM), asked, client_id };
}

describe("a client with a page of its own", () => {
  it("gets a token without registering, at whatever port it listens", async () => {
    const [browser, { client }] = [await signedIn(), await pageClient()];
    const location = await client.consent(browser);
    expect(location.origin).toBe("http://localhost:4242");
    const tokens = Tokens.parse(await (await client.redeem(location.searchParams.get("code") ?? "")).json());
    expect((await listTools(tokens.access_token, "/mcp", TEAM)).status).toBe(200);
  });

  it("stays signed in on one machine when it signs in on another", async () => {
    const [browser, { client }] = [await signedIn(), await pageClient()];
    const [laptop, desktop] = [await client.connect(browser), await client.connect(browser)];
    for (const { access_token } of [laptop, desktop])
      expect((await listTools(access_token, "/mcp", TEAM)).status).toBe(200);
  });

  it("is shown with the domain that vouches for it", async () => {
    const [browser, { client }] = [await signedIn(), await pageClient()];
    const page = await (await browser.get(await client.authorizePath())).text();
    expect(page).toContain("<strong>app.example</strong>");
    expect(page).not.toContain("Not verified");
    expect(fieldOf(page, "handle").length).toBeGreaterThan(40);
  });

  it("is asked for only on behalf of somebody who is signed in", async () => {
    const { client, asked } = await pageClient();
    expect((await new Browser(TEAM).get(await client.authorizePath())).status).toBe(303);
    expect(asked).toEqual([]);
  });

  it.each([
    ["names another client", { client_id: "https://app.example/other" }],
    ["has another redirect", { redirect_uris: ["https://app.example/callback"] }],
    ["has a redirect that is a script", { redirect_uris: ["javascript:alert(1)"] }],
    ["has no redirect", { redirect_uris: [] }],
    ["holds a secret", { client_secret: "s" }],
  ])("is refused where the page %s", async (_, document) => {
    const [browser, { client }] = [await signedIn(), await pageClient(document)];
    const response = await browser.get(await client.authorizePath());
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
    expect(await response.text()).toContain("This app cannot be connected");
  });

  it.each([
    "http://app.example/client",
    "https://app.example/client\n{}",
    "https://user@app.example/client",
    "https://app.example/a/../client",
    "https://app.example/client#part",
  ])("cannot have %s for its id", async (client_id) => {
    const browser = await signedIn();
    const asked = publish(client_id, {});
    const client = OAuthClient.known({ client_id, redirect_uri: "https://app.example/callback" }, TEAM);
    const response = await browser.get(await client.authorizePath());
    expect([response.status, response.headers.get("location"), asked]).toEqual([400, null, []]);
  });
});
