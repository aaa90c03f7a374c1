// A client's way from its registration to a tool and out again.
import { describe, expect, it } from "vitest";
import { Browser, ORIGIN, TEAM } from "./support/browser.ts";
import { callMcp, listTools, OAuthClient, send, Tokens } from "./support/oauth-client.ts";

async function signedIn(): Promise<Browser> {
  const browser = new Browser(TEAM);
  await browser.signInAsSomebody();
  return browser;
}

async function connected(resource = `${ORIGIN}/mcp`) {
  const [browser, client] = [await signedIn(), await OAuthClient.register(TEAM)];
  return { browser, client, tokens: await client.connect(browser, { resource }) };
}

function openMcpSession(token: string): Promise<Response> {
  const clientInfo = { name: "test", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  return callMcp(token, { jsonrpc: "2.0", id: 1, method: "initialize", params }, TEAM);
}

const statusAt = async (token: string, path = "/mcp") => (await listTools(token, path, TEAM)).status;

describe("a client that was let in", () => {
  it("is sent back with a code, its state and the issuer, and calls tools", async () => {
    const [browser, client] = [await signedIn(), await OAuthClient.register(TEAM)];
    const { origin, pathname, searchParams } = await client.consent(browser);
    expect(`${origin}${pathname}`).toBe("https://client.example/callback");
    expect(searchParams.get("state")).toBe(client.state);
    expect(searchParams.get("iss")).toBe(ORIGIN);
    const tokens = Tokens.parse(await (await client.redeem(searchParams.get("code") ?? "")).json());
    expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 3600, scope: "codex:read codex:run" });
    expect(await (await listTools(tokens.access_token, "/mcp", TEAM)).text()).toContain("get_turn");
  });

  it("uses the same token over plain HTTP", async () => {
    for (const resource of ["/mcp", "/sse"]) {
      const { tokens } = await connected(`${ORIGIN}${resource}`);
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      expect((await send("/tools/list_sessions", { headers, settings: TEAM })).status).toBe(200);
    }
  });

  it("has a token for one endpoint only", async () => {
    const { access_token: forMcp } = (await connected()).tokens;
    const { access_token: forSse } = (await connected(`${ORIGIN}/sse`)).tokens;
    expect([await statusAt(forMcp, "/mcp"), await statusAt(forMcp, "/sse")]).toEqual([200, 401]);
    expect([await statusAt(forSse, "/sse"), await statusAt(forSse, "/mcp")]).toEqual([200, 401]);
  });

  it("has a token that is worth nothing under another name of the server", async () => {
    const { access_token } = (await connected()).tokens;
    const headers = { authorization: `Bearer ${access_token}` };
    const settings = { ...TEAM };
    const response = await send("/tools/list_sessions", { headers, settings, origin: "https://other.example" });
    expect(response.status).toBe(401);
  });

  it("gets what the user left ticked, be it less or more than it asked for", async () => {
    const [browser, client] = [await signedIn(), await OAuthClient.register(TEAM)];
    expect(await client.connect(browser, { scope: ["codex:read"] })).toMatchObject({ scope: "codex:read" });
    const all = ["codex:read", "codex:run", "codex:admin"];
    expect(await client.connect(browser, { scope: all })).toMatchObject({ scope: all.join(" ") });
  });

  it("has sessions of its own: another client of the same user does not get at them", async () => {
    const { browser, tokens } = await connected();
    const other = await (await OAuthClient.register(TEAM)).connect(browser);
    const opened = await openMcpSession(tokens.access_token);
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    expect((await listTools(tokens.access_token, "/mcp", TEAM, session)).status).toBe(200);
    expect((await listTools(other.access_token, "/mcp", TEAM, session)).status).toBe(404);
  });

  it("may leave the resource out: then it is /mcp", async () => {
    const [browser, client] = [await signedIn(), await OAuthClient.register(TEAM)];
    const page = await browser.get(await client.authorizePath({ resource: undefined }));
    expect(page.status).toBe(200);
  });

  it("keeps a grant alive by using it: each refresh moves its end", async () => {
    const { client, tokens } = await connected();
    const next = Tokens.parse(await (await client.refresh(tokens.refresh_token)).json());
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect(next.access_token).not.toBe(tokens.access_token);
    expect(await statusAt(next.access_token)).toBe(200);
  });
});

describe("a code", () => {
  it("works once: who sends it again loses what it brought", async () => {
    const [browser, client] = [await signedIn(), await OAuthClient.register(TEAM)];
    const code = (await client.consent(browser)).searchParams.get("code") ?? "";
    const { access_token } = Tokens.parse(await (await client.redeem(code)).json());
    expect(await statusAt(access_token)).toBe(200);
    expect([(await client.redeem(code)).status, await statusAt(access_token)]).toEqual([400, 401]);
  });

  it.each([
    ["another verifier", { code_verifier: "x".repeat(43) }],
    ["no verifier", { code_verifier: "" }],
    ["another redirect", { redirect_uri: "https://client.example/other" }],
    ["another resource", { resource: `${ORIGIN}/sse` }],
    ["a resource elsewhere", { resource: "https://evil.example/mcp" }],
  ])("is refused with %s", async (_, overrides) => {
    const [browser, client] = [await signedIn(), await OAuthClient.register(TEAM)];
    const code = (await client.consent(browser)).searchParams.get("code") ?? "";
    expect((await client.redeem(code, overrides)).status).toBe(400);
  });

  it("is refused to another client", async () => {
    const [browser, client, thief] = [
      await signedIn(),
      await OAuthClient.register(TEAM),
      await OAuthClient.register(TEAM),
    ];
    const code = (await client.consent(browser)).searchParams.get("code") ?? "";
    expect((await client.redeem(code, { client_id: thief.registration.client_id })).status).toBeGreaterThanOrEqual(400);
  });
});

describe("a refresh token", () => {
  it("is worth nothing once its successor was used", async () => {
    const { client, tokens } = await connected();
    const second = Tokens.parse(await (await client.refresh(tokens.refresh_token)).json());
    expect((await client.refresh(second.refresh_token)).status).toBe(200);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
  });

  it("cannot be turned into one for another resource, or for more scopes", async () => {
    const { client, tokens } = await connected();
    expect((await client.refresh(tokens.refresh_token, { resource: `${ORIGIN}/sse` })).status).toBe(400);
    const wider = await client.refresh(tokens.refresh_token, { scope: "codex:read codex:run codex:admin" });
    const { scope } = await wider.json<{ scope?: string }>();
    expect(scope ?? "").not.toContain("codex:admin");
  });

  it("is refused, and the access token with it, once the user may no longer sign in", async () => {
    const { client, tokens } = await connected();
    const settings = { ...TEAM, ALLOWED_USERS: "nobody@example.com" };
    expect((await listTools(tokens.access_token, "/mcp", settings)).status).toBe(401);
    const refused = await client.refresh(tokens.refresh_token, {}, settings);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: "invalid_grant" }]);
  });
});

describe("a client that is to go", () => {
  it("is out at once when the user disconnects it", async () => {
    const { browser, client, tokens } = await connected();
    const [, path = ""] =
      /action="(\/account\/clients\/[^"]+)"/.exec(await (await browser.get("/account")).text()) ?? [];
    expect((await browser.post(path)).status).toBe(303);
    expect(await statusAt(tokens.access_token)).toBe(401);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    expect(await (await browser.get("/account")).text()).not.toContain("A client");
  });

  it("cannot be disconnected by another user", async () => {
    const { browser, tokens } = await connected();
    const [, path = ""] =
      /action="(\/account\/clients\/[^"]+)"/.exec(await (await browser.get("/account")).text()) ?? [];
    expect((await (await signedIn()).post(path)).status).toBe(303);
    expect(await statusAt(tokens.access_token)).toBe(200);
  });

  it("can hand its tokens back", async () => {
    const { client, tokens } = await connected();
    const { client_id } = client.registration;
    expect((await client.token({ token: tokens.refresh_token, client_id })).status).toBe(200);
    expect(await statusAt(tokens.access_token)).toBe(401);
  });
});

describe("a request that is wrong", () => {
  it.each([
    ["an unknown client", { client_id: "unknown" }],
    ["another redirect", { redirect_uri: "https://evil.example/callback" }],
    ["a redirect that only begins right", { redirect_uri: "https://client.example/callback/../evil" }],
  ])("is explained here and not sent anywhere: %s", async (_, overrides) => {
    const [browser, client] = [await signedIn(), await OAuthClient.register(TEAM)];
    const response = await browser.get(await client.authorizePath(overrides));
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
    expect(await response.text()).toContain("This app cannot be connected");
  });

  it.each([
    ["no PKCE", { code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
    ["plain PKCE", { code_challenge_method: "plain" }, "invalid_request"],
    ["the implicit grant", { response_type: "token" }, "unsupported_response_type"],
    ["a resource elsewhere", { resource: "https://evil.example/mcp" }, "invalid_target"],
    ["the server itself as the resource", { resource: ORIGIN }, "invalid_target"],
  ])("goes back to the client, with the issuer: %s", async (_, overrides, error) => {
    const [browser, client] = [await signedIn(), await OAuthClient.register(TEAM)];
    const response = await browser.get(await client.authorizePath(overrides));
    const { origin, searchParams } = new URL(response.headers.get("location") ?? "");
    expect([response.status, origin, searchParams.get("error")]).toEqual([303, "https://client.example", error]);
    expect([searchParams.get("iss"), searchParams.get("state")]).toEqual([ORIGIN, client.state]);
  });

  it.each([
    ["http on another machine", ["http://client.example/callback"]],
    ["a script", ["javascript:alert(1)"]],
    ["none", []],
  ])("registers no client with such a redirect: %s", async (_, redirect_uris) => {
    await expect(OAuthClient.register(TEAM, { redirect_uris })).rejects.toThrow("not registered: 400");
  });

  it("registers no client that has more to say of itself than clients have", async () => {
    const redirect_uris = Array.from(
      { length: 500 },
      (_, index) => `https://client.example/${"x".repeat(60)}/${index}`,
    );
    await expect(OAuthClient.register(TEAM, { redirect_uris })).rejects.toThrow("not registered: 413");
  });
});
