// The model gateway for a ChatGPT subscription: where a request goes, what it carries, and what becomes of the answer.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { unwrap } from "../../src/errors.ts";
import { CODEX_VERSION } from "../../src/version.ts";
import { type AccountOptions, connected, directory, newAccount } from "./support/accounts.ts";
import { eventually } from "./support/agents.ts";
import { type Asked, askModel, knownAgent } from "./support/gateway.ts";
import { workerLog } from "./support/worker-log.ts";

const BODY = JSON.stringify({ model: "gpt-6.1-sol", stream: true, input: "Hei 😀" });

it("sends a request as Codex would, with the user's login in the place of the agent's token", async () => {
  const passed = { "session-id": "s1", "thread-id": "t1", "x-client-request-id": "r1", "x-codex-turn-metadata": "m" };
  const { asked, account, credential, token } = await ask({}, { init: { body: BODY, headers: passed } });
  expect(asked).toMatchObject([{ method: "POST", path: "/codex/responses", body: BODY }]);
  expect(asked[0]?.headers).toMatchObject({
    ...passed,
    authorization: `Bearer ${credential.access_token}`,
    "chatgpt-account-id": account.id,
    originator: "codex_cli_rs",
    "user-agent": expect.stringMatching(new RegExp(`^codex_cli_rs/${CODEX_VERSION} \\(`)),
    version: CODEX_VERSION,
    accept: "text/event-stream",
    "x-codex-routing-hint": "model=gpt-6.1-sol",
  });
  expect(asked[0]?.headers).not.toHaveProperty("openai-beta");
  expect(JSON.stringify(asked)).not.toContain(token.split(".")[1]);
});

it("lets an agent say neither who it is nor where its request goes", async () => {
  const headers = {
    originator: "evil",
    "user-agent": "evil",
    version: "0",
    "chatgpt-account-id": "somebody",
    "x-codex-routing-hint": "model=evil",
    "x-openai-account-routing-override": "evil",
    cookie: "a=b",
  };
  const { asked } = await ask({}, { init: { body: "{}", headers } });
  expect(asked).toHaveLength(1);
  expect(JSON.stringify(asked[0]?.headers)).not.toMatch(/evil|somebody|a=b/);
});

it("asks once for each account where its requests go, and says where ChatGPT wants it to", async () => {
  const { account, again } = await ask({ account_routing_override: "us_cr" });
  await again();
  const { requests } = await account.record();
  expect(requests.map(({ path }) => path)).toEqual(["/wham/accounts/check", "/codex/responses", "/codex/responses"]);
  expect(requests[1]?.headers["x-openai-account-routing-override"]).toBe("us_cr");
});

it.each([500, 404])("goes the usual way where ChatGPT answers %i to that question", async (check) => {
  const { response } = await ask({ check });
  expect(response.status).toBe(200);
});

it("never sends the token where another host than the configured one is named", async () => {
  const { response, asked } = await ask({ workspace_backend_origin: "https://evil.example" });
  expect([response.status, asked.length]).toEqual([200, 1]);
});

it("hands over the first event while the model is still at work", async () => {
  const { account, response } = await ask({ responses: "gated" });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe("data: first\n\n");
  await account.release();
  expect((await reader?.read())?.value).toBe("data: last\n\n");
});

it("sends the beginning of a request on while its end is still to come", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  void writer.write(new TextEncoder().encode("beginning"));
  const { response } = await ask({ responses: "echo" }, { init: { body: readable } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe("beginning");
  await writer.close();
  expect((await reader?.read())?.done).toBe(true);
});

it("says how long the body is, where the agent said it", async () => {
  const headers = { "content-length": String(new TextEncoder().encode(BODY).length) };
  const { asked } = await ask({}, { init: { body: BODY, headers } });
  expect(asked[0]?.headers["content-length"]).toBe(headers["content-length"]);
});

it("renews a login that is refused, and sends the same request once more", async () => {
  const { account, again } = await ask();
  await account.revoke();
  const response = await again({ init: { body: BODY } });
  expect([response.status, await response.text()]).toEqual([200, "data: first\n\ndata: last\n\n"]);
  const { requests, refreshes } = await account.record();
  const sent = requests.filter(({ path }) => path === "/codex/responses").slice(-2);
  expect(sent.map(({ body }) => body)).toEqual([BODY, BODY]);
  expect(sent[0]?.headers.authorization).not.toBe(sent[1]?.headers.authorization);
  expect(refreshes).toBe(1);
});

it("renews it once for many turns at the same time", async () => {
  const { account, again } = await ask();
  await account.revoke();
  const responses = await Promise.all(Array.from({ length: 30 }, () => again({ init: { body: BODY } })));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  await Promise.all(responses.map((response) => response.body?.cancel()));
  expect((await account.record()).refreshes).toBe(1);
});

it("has the login renewed for a request that is too long to keep, which Codex sends again itself", async () => {
  const { account, again } = await ask();
  await account.revoke();
  const long = { init: { body: `{"model":"gpt-5.5","input":"${"x".repeat(9 * 1024 * 1024)}"}` } };
  const response = await again(long);
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { error: { code: "gateway_model_unreachable" } },
  ]);
  expect((await again(long)).status).toBe(200);
  expect((await account.record()).refreshes).toBe(1);
});

it("gives up where the renewed login is refused as well", async () => {
  const { account, asked, response } = await ask({ responses: 401 });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { code: "gateway_model_auth_failed" } },
  ]);
  expect(asked).toHaveLength(2);
  expect((await account.record()).refreshes).toBe(1);
});

it("names a login that must be made again, in a way that Codex does not repeat", async () => {
  const { response } = await ask({ access_ttl_s: -1, refresh: "refresh_token_expired" });
  expect([response.status, await response.json()]).toMatchObject([400, { error: { code: "gateway_login_needed" } }]);
});

it("answers 503 while a login cannot be refreshed for the moment only", async () => {
  const { response } = await ask({ access_ttl_s: -1, refresh: 500 });
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { error: { code: "gateway_model_unreachable" } },
  ]);
});

it("passes on a used-up limit with the time of its reset", async () => {
  const { response } = await ask({ responses: "usage_limit", used_percent: 100 });
  expect(response.status).toBe(429);
  expect(response.headers.get("x-codex-primary-used-percent")).toBe("100");
  expect(await response.json()).toMatchObject({
    error: { type: "usage_limit_reached", plan_type: "plus", resets_at: 1_900_000_000 },
  });
});

it.each([429, 500, 503])("passes on %i, and when to try again", async (responses) => {
  const { response } = await ask({ responses });
  expect([response.status, response.headers.get("retry-after")]).toEqual([responses, "7"]);
  expect(await response.json()).toMatchObject({ error: { code: "scripted" } });
});

it("puts a refusal of ChatGPT's own form into the one that Codex reads, without the token", async () => {
  const { response, credential } = await ask({ responses: "detail" });
  expect(response.status).toBe(400);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ error: { message: "This model is not for you, [masked]" } });
  expect(text).not.toContain(credential.access_token);
});

it("takes note of what is left of the plan", async () => {
  const { userId, account, again } = await ask({ used_percent: 40 });
  await account.change({ used_percent: 41 });
  await again();
  await eventually(async () => {
    const { oauth } = unwrap(await directory(userId).credentialStatus());
    return oauth?.rate_limits?.primary?.used_percent === 41;
  });
  const { requests } = await account.record();
  expect(requests.map(({ path }) => path)).not.toContain("/wham/usage");
});

it("writes neither a token nor a body to the log", async () => {
  const { credential, account, again } = await ask({}, { init: { body: "a very private prompt" } });
  await account.revoke();
  await again();
  const log = workerLog().join("\n");
  expect(log).toContain("ChatGPT refused the login");
  for (const secret of [credential.access_token, "rt.", "a very private prompt"]) expect(log).not.toContain(secret);
});

async function ask(options: AccountOptions = {}, asked: Asked = {}) {
  const [account, { userId, token }] = [await newAccount(options), await knownAgent()];
  const user = await connected(account, userId);
  const { tokens } = await account.login();
  const before = await user.modelCredential();
  const credential =
    before.ok && before.value.method === "oauth" ? before.value : { access_token: tokens.access_token };
  const again = (next: Asked = {}) => askModel({ token, ...next });
  const response = await again(asked);
  const requests = (await account.record()).requests.filter(({ path }) => path === "/codex/responses");
  return { userId, account, token, credential, response, asked: requests, again };
}

it("keeps the login of one user from the agents of another", async () => {
  const [one, two] = [await knownAgent(), await knownAgent()];
  const account = await newAccount();
  await connected(account, one.userId);
  const response = await askModel({ token: two.token, settings: { OPENAI_BASE_URL: env.OPENAI_BASE_URL } });
  await response.body?.cancel();
  expect((await account.record()).requests).toEqual([]);
});
