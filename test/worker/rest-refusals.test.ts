// What the REST routes refuse, and how they say so.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { handleToolRequest } from "../../src/rest/routes.ts";
import type { CallContext } from "../../src/tools/call-context.ts";
import { chat, newUser } from "./support/fleet.ts";

const JSON_TYPE = { "content-type": "application/json" };
const MIB = 1024 * 1024;

it("needs a bearer token for every route, known or not", async () => {
  for (const path of ["chat", "health_check", "nothing"]) {
    for (const headers of [{}, { authorization: "Bearer wrong" }]) {
      const response = await fetch(`${env.WORKER_URL}/tools/${path}`, { headers });
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([
        401,
        expect.stringMatching(/^Bearer/),
      ]);
      expect(await response.json()).toMatchObject({ error: "unauthorized" });
    }
  }
});

it.each(["nothing", "", "chat/", "codex_", "codex_codex_chat", "__proto__", "toString"])(
  "answers 404 to the unknown tool %j, naming the known ones",
  async (name) => {
    const { status, body } = await send(name, { method: "POST", body: "{}", headers: JSON_TYPE });
    expect([status, body.error.code]).toEqual([404, "not_found"]);
    expect(body.error.message).toMatch(/plan, implement, .*get_turn, .*list_sessions/);
  },
);

it.each(["text/plain", "multipart/form-data; boundary=x", "application/xml"])(
  "answers 415 to a body of type %s",
  async (type) => {
    const { status, body } = await send("health_check", {
      method: "POST",
      body: "{}",
      headers: { "content-type": type },
    });
    expect([status, body.error.code]).toEqual([415, "unsupported_media_type"]);
    expect(body.error.message).toContain("application/json");
  },
);

it.each(["application/json", "application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"])(
  "takes a body of type %s",
  async (type) => {
    const { status } = await send("health_check", { method: "POST", body: "{}", headers: { "content-type": type } });
    expect(status).toBe(200);
  },
);

it.each([
  ["{", "not valid JSON"],
  ["message=hello", "not valid JSON"],
  ["[]", "JSON object"],
  ["null", "JSON object"],
  ['"text"', "JSON object"],
])("answers 400 to the body %s", async (text, problem) => {
  const { status, body } = await send("chat", { method: "POST", body: text, headers: JSON_TYPE });
  expect([status, body.error.code]).toEqual([400, "invalid_input"]);
  expect(body.error.message).toContain(problem);
});

it("takes no body as no parameters", async () => {
  expect((await send("health_check", { method: "POST" })).status).toBe(200);
  const { status, body } = await send("chat", { method: "POST" });
  expect([status, body.error.message]).toEqual([400, expect.stringContaining("message")]);
});

it("answers 405 to other methods, and to a GET of what is more than a look", async () => {
  for (const [name, method] of [
    ["chat", "GET"],
    ["implement", "GET"],
    ["cancel_turn", "GET"],
    ["health_check", "DELETE"],
    ["chat", "PUT"],
  ] as const) {
    const { status, body, headers } = await send(name, { method });
    expect([status, body.error.code, headers.get("allow")], name).toEqual([405, "method_not_allowed", "POST"]);
  }
});

it("takes 8 MiB and refuses more, naming the limit", async () => {
  const padded = (bytes: number) => `{"verbose":"${"x".repeat(bytes - 14)}"}`;
  const fits = await send("health_check", { method: "POST", body: padded(8 * MIB), headers: JSON_TYPE });
  expect([fits.status, fits.body.error.code]).toEqual([400, "invalid_input"]);
  for (const bytes of [8 * MIB + 1, 20 * MIB]) {
    const { status, body } = await send("health_check", { method: "POST", body: padded(bytes), headers: JSON_TYPE });
    expect([status, body.error.code]).toEqual([413, "payload_too_large"]);
    expect(body.error.message).toContain("8388608");
  }
});

it("does not read for ever from a body without an end", async () => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += MIB;
      controller.enqueue(new Uint8Array(MIB).fill(0x20));
    },
  });
  const request = new Request("http://localhost/tools/health_check", {
    method: "POST",
    body: endless,
    headers: JSON_TYPE,
  });
  const response = await handleToolRequest(request, newUser(), () => {});
  expect([response.status, await response.json()]).toMatchObject([413, { error: { code: "payload_too_large" } }]);
  expect(sent).toBeLessThan(70 * MIB);
});

it("never shows one user's agents to another, by any route", async () => {
  const [ada, bob] = [newUser(), newUser()];
  const { turn_id } = await chat(bob, "bobs-own");
  for (const path of [
    "list_sessions",
    "list_active_agents",
    "get_agent_status?agent_id=ID",
    "get_my_session_info?agent_id=ID",
    "list_sessions?agent_id=ID",
    `get_turn?agent_id=ID&turn_id=${turn_id}`,
    "cleanup_inactive_agents?inactive_for_seconds=0",
  ]) {
    const [foreign, unknown] = [
      await as(ada, path.replace("ID", "bobs-own")),
      await as(ada, path.replace("ID", "nobody")),
    ];
    expect(foreign, path).toEqual(unknown);
    expect(foreign, path).not.toContain("bobs-own");
  }
  expect(await as(bob, "get_agent_status?agent_id=bobs-own")).toContain('"turns":1');
});

async function as(user: CallContext, path: string): Promise<string> {
  const response = await handleToolRequest(new Request(`http://localhost/tools/${path}`), user, () => {});
  return `${response.status} ${await response.text()}`;
}

async function send(path: string, init: RequestInit) {
  const headers = { authorization: `Bearer ${env.DEV_TOKEN}`, ...init.headers };
  const response = await fetch(`${env.WORKER_URL}/tools/${path}`, { ...init, headers });
  const body = await response.json<{ error: { code: string; message: string } }>();
  return { status: response.status, headers: response.headers, body };
}
