// What goes out with a request that may leave a container, and what comes back: all of it, as it comes, and nothing of ours.
import { beforeEach, expect, it } from "vitest";
import { type Agent, eventually, newAgent } from "./support/agents.ts";
import { ALLOWED, internetHost, openTurn, send, withExits } from "./support/egress.ts";

const URL = `https://${ALLOWED}`;

let agent: Agent;

beforeEach(async () => {
  agent = newAgent();
  await openTurn(agent, "write");
});

/** Like `send`, with the answer as it comes. */
function open<T>(path: string, init: RequestInit, use: (response: Response) => Promise<T>): Promise<T> {
  return withExits(agent, async ({ https }) => {
    const exit = https.get("*");
    if (exit === undefined) throw new Error("no way out");
    return use(await exit.fetch(`${URL}${path}`, { redirect: "manual", ...init }));
  });
}

it("method, path, query, body and headers go out as they are", async () => {
  const host = internetHost(ALLOWED, "headers");
  const headers = { authorization: "Basic dGhlaXJzOm93bg==", accept: "*/*", "git-protocol": "version=2", "x-own": "1" };
  const body = "0032want 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n";
  await send(agent, `${URL}/o/r.git/git-upload-pack?a=%20b`, { method: "POST", headers, body });
  const [request] = await host.requests();
  expect(request).toMatchObject({ method: "POST", path: "/v1/o/r.git/git-upload-pack?a=%20b", headers, body });
  expect(request?.headers["content-length"]).toBe(String(body.length));
});

it("what belongs to one connection, and what says who sent it, stays behind", async () => {
  const host = internetHost(ALLOWED, "headers");
  const held = {
    ...{ connection: "close, x-hop", "x-hop": "1", "keep-alive": "timeout=5", te: "trailers", expect: "100-continue" },
    ...{
      "proxy-authorization": "Basic eDp5",
      "cf-connecting-ip": "10.0.0.1",
      "cf-ray": "8f2d",
      "x-real-ip": "10.0.0.1",
    },
    ...{ "x-forwarded-for": "10.0.0.1", "x-forwarded-host": "inside" },
  };
  await send(agent, `${URL}/`, { headers: held });
  const [request] = await host.requests();
  const { connection: _, ...names } = held;
  expect(Object.keys(names).filter((name) => request?.headers[name] !== undefined)).toEqual([]);
  expect(request?.headers.connection ?? "").not.toContain("x-hop");
});

it("the answer comes back with its headers", async () => {
  internetHost(ALLOWED, "headers");
  const { status, headers } = await send(agent, `${URL}/`);
  expect([status, headers]).toEqual([
    200,
    expect.objectContaining({
      "content-type": "text/event-stream",
      "set-cookie": "session=1",
      "x-request-id": "req_upstream",
    }),
  ]);
});

it.each([404, 429, 500])("a refusal of the host (%i) comes back as it is", async (status) => {
  internetHost(ALLOWED, String(status));
  expect(await send(agent, `${URL}/`)).toMatchObject({ status, text: expect.stringContaining("scripted") });
});

it("a redirect is not followed: it comes back, and where it leads is asked for anew", async () => {
  const host = internetHost(ALLOWED, "redirect");
  const { status, headers } = await send(agent, `${URL}/`);
  expect([status, headers.location]).toEqual([307, expect.stringContaining("/v1/stolen")]);
  expect(await host.requests()).toHaveLength(1);
});

it("the answer arrives while the host is still at work on it", async () => {
  const host = internetHost(ALLOWED, "gated");
  await open("/", {}, async ({ body }) => {
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("data: first\n\n");
    await host.release();
    expect((await reader?.read())?.value).toBe("data: last\n\n");
  });
});

it("the beginning of a body goes out while its end is still to come", async () => {
  internetHost(ALLOWED, "echo");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  void writer.write(new TextEncoder().encode("beginning"));
  await open("/", { method: "POST", body: readable }, async ({ body }) => {
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("beginning");
    await writer.close();
    expect((await reader?.read())?.done).toBe(true);
  });
});

it("where the container stops reading, the host hears of it", async () => {
  const host = internetHost(ALLOWED, "gated");
  await open("/", {}, async ({ body }) => {
    const reader = body?.getReader();
    await reader?.read();
    expect(await host.requests()).toMatchObject([{ connectionClosed: false }]);
    await reader?.cancel();
    await eventually(async () => (await host.requests())[0]?.connectionClosed);
  });
});

it("packed content stays packed as it was", async () => {
  internetHost(ALLOWED, "gzip");
  await open("/", { headers: { "accept-encoding": "gzip" } }, async (response) => {
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(await response.text()).toBe("packed ".repeat(1_000));
  });
});

it("a host that does not answer is said to be so", async () => {
  internetHost(ALLOWED, "hangup");
  expect(await send(agent, `${URL}/`)).toMatchObject({ status: 502, text: `${ALLOWED} does not answer.\n` });
});
