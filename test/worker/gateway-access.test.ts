// Whom the model gateway serves, and with what. Everybody else learns nothing, and the model API hears nothing of them.
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { inStore, newAgent, run, turn } from "./support/agents.ts";
import { askModel, knownAgent, newStart } from "./support/gateway.ts";
import { lab, modelRequests, upstream } from "./support/lab.ts";

const SECRET = "0".repeat(64);

let api: ReturnType<typeof upstream>;
let settings: Partial<Cloudflare.Env>;

beforeEach(() => {
  api = upstream("headers");
  settings = { OPENAI_BASE_URL: api.baseUrl };
});

it("serves an agent with the token of its container's present start", async () => {
  const { token } = await knownAgent();
  expect((await askModel({ token, settings })).status).toBe(200);
});

it("serves an agent whose container the platform vouches for", async () => {
  const { agent, token } = await knownAgent();
  expect((await askModel({ token, settings, containerId: agent.id.toString() })).status).toBe(200);
});

it("refuses a token that came from another agent's container", async () => {
  const [one, two] = [await knownAgent(), await knownAgent()];
  const response = await askModel({ token: one.token, settings, containerId: two.agent.id.toString() });
  expect(response.status).toBe(401);
  expect(await api.requests()).toEqual([]);
});

it("refuses the secret of one agent under the id of another one", async () => {
  const [one, two] = [await knownAgent(), await knownAgent()];
  const [, secret] = one.token.split(".");
  expect((await askModel({ token: `${two.agent.id}.${secret}`, settings })).status).toBe(401);
});

it("refuses the token of an earlier start", async () => {
  const { agent, token } = await knownAgent();
  await newStart(agent);
  expect((await askModel({ token, settings })).status).toBe(401);
});

it("refuses the token of an agent that has gone to sleep", async () => {
  const { agent, token } = await knownAgent();
  await inStore(agent, ({ incarnations }) => incarnations.endCurrent());
  expect((await askModel({ token, settings })).status).toBe(401);
});

it("serves nobody who was taken off the list, though their turns are still at work", async () => {
  const { userId, token } = await knownAgent();
  const account = { method: "github" as const, server: "https://github.com", id: 1, login: "ada", email: null };
  const session = { id: "0123456789abcdef", secret: "secret", account, expires_at: Date.now() + 60_000 };
  await env.DIRECTORY.getByName(userId).openSession(session);
  const github = { ...settings, GITHUB_CLIENT_ID: "id", GITHUB_CLIENT_SECRET: "secret" };
  const [listed, takenOff] = ["github:ada", "github:bob"].map((ALLOWED_USERS) => ({ ...github, ALLOWED_USERS }));
  expect((await askModel({ token, settings: { ...listed } })).status).toBe(200);
  const refused = await askModel({ token, settings: { ...takenOff } });
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: "gateway_no_credential" } }]);
  expect(await api.requests()).toHaveLength(1);
});

it.each([
  ["no token", () => undefined],
  ["the server's own key", () => env.OPENAI_API_KEY],
  ["the dev server's token", () => env.DEV_TOKEN],
  ["an agent without a container", () => `${newAgent().id}.${SECRET}`],
  ["a secret that is too short", () => `${newAgent().id}.00`],
  ["an id of no namespace", () => `${"f".repeat(64)}.${SECRET}`],
  ["an id in capital letters", () => `${newAgent().id.toString().toUpperCase()}.${SECRET}`],
])("refuses %s", async (_, token) => {
  const given = token();
  const response = await askModel({ settings, ...(given === undefined ? {} : { token: given }) });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: { code: "unauthorized" } });
  expect(await api.requests()).toEqual([]);
});

it("makes no object for an id that somebody made up", async () => {
  const before = await listDurableObjectIds(env.CODEX_AGENT);
  await askModel({ token: `${"f".repeat(64)}.${SECRET}`, settings });
  expect(await listDurableObjectIds(env.CODEX_AGENT)).toHaveLength(before.length);
});

it.each([
  ["GET", "/v1/responses"],
  ["PUT", "/v1/responses"],
  ["DELETE", "/v1/responses/resp_1"],
  ["POST", "/v1/responses/"],
  ["POST", "/v1/responses/../files"],
  ["POST", "/v1/responses/%2e%2e/files"],
  ["POST", "/v1/responses%2f..%2ffiles"],
  ["POST", "/v1//responses"],
  ["POST", "/v1/chat/completions"],
  ["POST", "/v1/files"],
  ["POST", "/model/model/v1/responses"],
  ["POST", "/"],
])("serves no %s %s, also to a known agent", async (method, path) => {
  const { token } = await knownAgent();
  const init = method === "GET" ? { method, body: null } : { method };
  const response = await askModel({ token, settings, url: `http://model.internal${path}`, init });
  expect(response.status).toBe(404);
  expect(await api.requests()).toEqual([]);
});

it("is closed to the outside where agents have real containers", async () => {
  const { token } = await knownAgent();
  const { PROCESS_HOST_URL: _, PROCESS_HOST_TOKEN: __, ...deployed } = { ...env, ...settings };
  const init = { method: "POST", headers: { authorization: `Bearer ${token}` }, body: "{}" };
  expect((await app.request("/model/v1/responses", init, deployed)).status).toBe(404);
  expect(await api.requests()).toEqual([]);
});

it("is what a real Codex reaches the model through, with a token of its own", async () => {
  const agent = newAgent();
  const request = turn([{ run: "echo one" }, { say: "Done." }]);
  await run(agent, request);
  const asked = await modelRequests(request.prompt);
  expect(asked).toHaveLength(2);
  for (const { headers } of asked) expect(headers.authorization).toBe(`Bearer ${env.OPENAI_API_KEY}`);
  expect(await lab.readFile(agent, "../codex-home/auth.json")).toBeNull();
});
