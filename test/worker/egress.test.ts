// What an agent's container may reach, decided by the turn that is at work, and what becomes known of what it may not.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { abort, inStore, newAgent, run, turn } from "./support/agents.ts";
import { ALLOWED, internetHost, openTurn, send, withExits } from "./support/egress.ts";
import { knownAgent, newStart } from "./support/gateway.ts";
import { upstream } from "./support/lab.ts";

it("every HTTP and HTTPS request of a container comes to the Worker, which alone knows the way out", async () => {
  await withExits(newAgent(), async ({ http, https }) => {
    expect([...http.keys()].sort()).toEqual(["*", "model.internal"]);
    expect([...https.keys()].sort()).toEqual(["*", "model.internal"]);
  });
});

it("a turn that writes reaches the hosts on the list, and no other one", async () => {
  const agent = newAgent();
  const [listed, below, other] = [ALLOWED, "a.files.egress.example", "other.egress.example"].map((host) =>
    internetHost(host, "headers"),
  );
  const { end } = await openTurn(agent, "write");
  expect(await send(agent, `https://${ALLOWED}/left-pad?x=1`)).toMatchObject({ status: 200, text: "data: done\n\n" });
  expect(await send(agent, "https://a.files.egress.example/f")).toMatchObject({ status: 200 });
  expect(await send(agent, "https://other.egress.example/")).toMatchObject({ status: 403 });
  expect((await listed?.requests())?.map(({ method, path }) => [method, path])).toEqual([["GET", "/v1/left-pad?x=1"]]);
  expect([(await below?.requests())?.length, (await other?.requests())?.length]).toEqual([1, 0]);
  expect((await end()).evidence?.denied_hosts).toEqual(["other.egress.example"]);
});

it("a turn that reads reaches nothing, and says what it asked for", async () => {
  const agent = newAgent();
  const listed = internetHost(ALLOWED, "headers");
  const { end } = await openTurn(agent, "read");
  const refused = await send(agent, `https://${ALLOWED}/`);
  expect(refused).toMatchObject({ status: 403, statusText: "Forbidden by EGRESS_ALLOWED_HOSTS" });
  expect(refused.text).toMatch(
    /no request out to registry\.egress\.example: the tool at work only reads.*EGRESS_ALLOWED_HOSTS/,
  );
  expect(await listed.requests()).toEqual([]);
  expect((await end()).evidence?.denied_hosts).toEqual([ALLOWED]);
});

it("without a turn at work nothing is reached, before the first one, between two and after the last", async () => {
  const agent = newAgent();
  const listed = internetHost(ALLOWED, "headers");
  const refused = { status: 403, text: expect.stringContaining("no turn of this agent is at work") };
  expect(await send(agent, `https://${ALLOWED}/`)).toMatchObject(refused);
  const first = await (await openTurn(agent, "write")).end();
  expect(await send(agent, `https://${ALLOWED}/`)).toMatchObject(refused);
  expect(await send(agent, "https://late.egress.example/")).toMatchObject(refused);
  const second = await run(agent, turn([{ say: "done" }], { access: "write" }));
  for (const { evidence } of [first, second]) expect(evidence?.denied_hosts).toEqual([]);
  expect(await listed.requests()).toEqual([]);
});

it.each([
  ["http://registry.egress.example/", "http://registry.egress.example", "only https:// leads out"],
  ["https://registry.egress.example:8443/", "registry.egress.example:8443", "only port 443"],
  ["http://169.254.169.254/latest/meta-data/", "http://169.254.169.254", "addresses are never reached"],
  ["https://0x7f.1/", "127.0.0.1", "addresses are never reached"],
  ["https://[::ffff:10.0.0.1]/", "[::ffff:a00:1]", "addresses are never reached"],
  ["https://metadata.google.internal/", "metadata.google.internal", "no name of a public host"],
  ["http://constructor/", "http://constructor", "no name of a public host"],
  ["https://files.egress.example/", "files.egress.example", "not on the list"],
  ["https://xfiles.egress.example/", "xfiles.egress.example", "not on the list"],
])("%s is refused also to a turn that writes", async (url, name, reason) => {
  const agent = newAgent();
  const { end } = await openTurn(agent, "write");
  expect(await send(agent, url)).toMatchObject({ status: 403, text: expect.stringContaining(reason) });
  expect((await end()).evidence?.denied_hosts).toEqual([name]);
});

it("a WebSocket is refused also to a host on the list", async () => {
  const agent = newAgent();
  const { end } = await openTurn(agent, "write");
  const refused = await send(agent, `https://${ALLOWED}/`, {
    headers: { upgrade: "websocket", connection: "Upgrade" },
  });
  expect(refused).toMatchObject({ status: 403, text: expect.stringContaining("WebSockets") });
  expect((await end()).evidence?.denied_hosts).toEqual([ALLOWED]);
});

it("model.internal is the model gateway, whatever turn is at work", async () => {
  const api = upstream("headers");
  const { agent, token } = await knownAgent();
  const answer = await send(agent, "http://model.internal/v1/responses", {
    headers: { authorization: `Bearer ${token}` },
  });
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([404, { error: { code: "not_found" } }]);
  const others = await newStart(newAgent());
  const init = { method: "POST", body: "{}", headers: { authorization: `Bearer ${others}` } };
  // The platform vouches for the container: the token of another one is worth nothing here.
  expect(await send(agent, "http://model.internal/v1/responses", init)).toMatchObject({ status: 401 });
  expect(await api.requests()).toEqual([]);
});

it("a host that is refused often is told once, and no list is endless", async () => {
  const agent = newAgent();
  const { turnId, end } = await openTurn(agent, "write");
  for (let time = 0; time < 3; time++) await send(agent, "https://again.example.org/");
  const hosts = Array.from({ length: 60 }, (_, number) => `h${number}.example.org`);
  await withExits(agent, async ({ https }) => {
    for (const host of hosts) await (await https.get("*")?.fetch(`https://${host}/`))?.text();
  });
  expect(
    await inStore(agent, (_, sql) =>
      sql.exec("SELECT text FROM documents WHERE owner = ? AND kind = 'denied_hosts'", turnId).toArray(),
    ),
  ).toHaveLength(1);
  const { evidence } = await end();
  expect(evidence?.denied_hosts).toEqual(["again.example.org", ...hosts.slice(0, 49)]);
  expect(evidence?.notes).toContain("Requests to more than 50 hosts were refused; the first 50 are in denied_hosts.");
});

it("what was refused is known also when the agent's object has been lost meanwhile", async () => {
  const agent = newAgent();
  const { turnId, end } = await openTurn(agent, "read");
  await send(agent, "https://before.example.org/");
  const again = await abort(agent);
  expect(await inStore(again, ({ turns }) => turns.find(turnId)?.status)).toBe("running");
  expect(await send(again, "https://after.example.org/")).toMatchObject({ status: 403 });
  expect((await end(again)).evidence?.denied_hosts).toEqual(["before.example.org", "after.example.org"]);
});

it("nothing leaves where the agent's object cannot be asked", async () => {
  const listed = internetHost(ALLOWED, "headers");
  const { CODEX_AGENT } = env;
  const { CodexAgent } = await import("../../src/index.ts");
  const broken = {
    ...env,
    CODEX_AGENT: {
      idFromString: (id: string) => CODEX_AGENT.idFromString(id),
      get: () => ({ judgeEgress: () => Promise.reject(new Error("overloaded")) }),
    },
  } as unknown as Cloudflare.Env;
  const context = { containerId: newAgent().id.toString(), className: "CodexAgent", params: undefined };
  const response = await CodexAgent.outbound?.(new Request(`https://${ALLOWED}/`), broken, context);
  expect([response?.status, await response?.text()]).toEqual([
    503,
    expect.stringContaining("cannot be reached at the moment"),
  ]);
  expect(await listed.requests()).toEqual([]);
});
