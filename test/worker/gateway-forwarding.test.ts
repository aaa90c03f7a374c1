// What the model gateway passes on, in both directions, and what becomes of a model API's refusals.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { deploy, directory } from "./support/accounts.ts";
import { eventually } from "./support/agents.ts";
import { type Asked, askModel, knownAgent } from "./support/gateway.ts";
import { upstream } from "./support/lab.ts";
import { workerLog } from "./support/worker-log.ts";

it("puts the server's key in the place of the agent's token", async () => {
  const { api, token } = await ask("headers");
  const [request] = await api.requests();
  expect(request?.headers.authorization).toBe(`Bearer ${env.OPENAI_API_KEY}`);
  expect(JSON.stringify(request)).not.toContain(token.split(".")[1]);
});

it("sends the body as it is to the one path that there is", async () => {
  const body = JSON.stringify({ model: "gpt-5.5", input: "Hei, hvordan går det? 😀" });
  const { api } = await ask("headers", { init: { body } });
  expect(await api.requests()).toMatchObject([{ method: "POST", path: "/v1/responses", body }]);
});

it("passes on what Codex tells the model API, and nothing else that a container sends", async () => {
  const passed = {
    accept: "text/event-stream",
    "content-type": "application/json",
    originator: "codex",
    "session-id": "s1",
    "thread-id": "t1",
    "x-codex-turn-metadata": "m1",
    "x-openai-subagent": "review",
  };
  const held = {
    cookie: "a=b",
    "chatgpt-account-id": "acc",
    "openai-organization": "org",
    "x-api-key": "k",
    "x-forwarded-for": "10.0.0.1",
    "x-correlation-id": "c1",
  };
  const { api } = await ask("headers", { init: { headers: { ...passed, ...held } } });
  const [request] = await api.requests();
  expect(request?.headers).toMatchObject(passed);
  expect(Object.keys(held).filter((name) => request?.headers[name] !== undefined)).toEqual([]);
});

it("hands back limits, hints and the type of the answer, and nothing else of the model API", async () => {
  const { response } = await ask("headers");
  expect(Object.fromEntries(response.headers)).toEqual({
    "content-type": "text/event-stream",
    "openai-model": "gpt-5.5",
    "x-codex-primary-used-percent": "12",
    "x-openai-authorization-error": "none",
    "x-ratelimit-remaining-requests": "99",
    "x-request-id": "req_upstream",
  });
});

it("hands over the first event while the model is still at work", async () => {
  const { api, response } = await ask("gated");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe("data: first\n\n");
  await api.release();
  expect((await reader?.read())?.value).toBe("data: last\n\n");
});

it("ends the model's work when the agent stops reading", async () => {
  const { api, response } = await ask("gated");
  const reader = response.body?.getReader();
  await reader?.read();
  expect(await api.requests()).toMatchObject([{ connectionClosed: false }]);
  await reader?.cancel();
  await eventually(async () => (await api.requests())[0]?.connectionClosed);
});

it("sends the beginning of a request on while its end is still to come", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  void writer.write(new TextEncoder().encode("beginning"));
  const { response } = await ask("echo", { init: { body: readable } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe("beginning");
  await writer.close();
  expect((await reader?.read())?.done).toBe(true);
});

it.each([400, 404, 422, 429, 500, 503])(
  "passes on %i with the answer's own words, save the key, and when to try again",
  async (status) => {
    const { response } = await ask(String(status));
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe("7");
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      error: { code: "scripted", message: expect.stringContaining("[masked]") },
    });
    expect(text).not.toContain(env.OPENAI_API_KEY);
  },
);

it.each([401, 403])(
  "makes a refused key (%i) a failure that Codex does not repeat, in words of its own",
  async (status) => {
    const { response } = await ask(String(status));
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: "gateway_model_auth_failed" } });
    expect(text).not.toContain(env.OPENAI_API_KEY);
  },
);

it("says so where no credential is configured, and asks nobody", async () => {
  const [{ token, userId }, api] = [await knownAgent(), upstream("headers")];
  await deploy(directory(userId), { OPENAI_API_KEY: "" });
  const response = await askModel({ token, settings: { OPENAI_BASE_URL: api.baseUrl } });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "gateway_no_credential" } });
  expect(await api.requests()).toEqual([]);
});

it.each([
  ["refuses connections", "http://127.0.0.1:9/v1"],
  ["drops them", upstream("hangup").baseUrl],
])("answers 503 where the model API %s", async (_, baseUrl) => {
  const { response } = await ask("headers", { settings: { OPENAI_BASE_URL: baseUrl } });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { code: "gateway_model_unreachable" } });
});

it("follows no redirect, and does not tell where it leads", async () => {
  const { api, response } = await ask("redirect");
  expect(response.status).toBe(307);
  expect(response.headers.get("location")).toBeNull();
  expect((await api.requests()).map(({ path }) => path)).toEqual(["/v1/responses"]);
});

it("writes neither the key nor a token nor a body to the log", async () => {
  const { token } = await ask("headers", { init: { body: "a very private prompt" } });
  await ask("401");
  await ask("headers", { settings: { OPENAI_BASE_URL: "http://127.0.0.1:9/v1" } });
  const log = workerLog().join("\n");
  expect(log).toContain("model API unreachable");
  for (const secret of [env.OPENAI_API_KEY, token.split(".")[1] ?? "", "a very private prompt"]) {
    expect(log).not.toContain(secret);
  }
});

async function ask(scenario: string, asked: Asked = {}) {
  const { token } = await knownAgent();
  const api = upstream(scenario);
  const settings = { OPENAI_BASE_URL: api.baseUrl, ...asked.settings };
  const response = await askModel({ token, ...asked, settings });
  return { api, token, response };
}
