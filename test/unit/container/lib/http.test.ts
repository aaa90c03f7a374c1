import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HttpFailure, hasBearer, readJson, sendFailure, sendJson } from "../../../../container/lib/http.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Resolves to the URL of a server that answers so; what is thrown becomes a failure, as in the runner. */
async function serve(answer: Answer): Promise<string> {
  server = createServer((request, response) => {
    void (async () => answer(request, response))().catch((error: unknown) => sendFailure(response, error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // a TCP server that listens has one
}

describe("the bearer check", () => {
  const token = "t".repeat(40);
  const withHeader = (authorization?: string) => ({ headers: { authorization } }) as IncomingMessage; // only this is read

  it.each([
    [`Bearer ${token}`, true],
    [undefined, false],
    ["", false],
    ["Bearer", false],
    ["Bearer ", false],
    [token, false],
    [`Bearer ${token.slice(1)}`, false],
    [`Bearer ${token}t`, false],
    [`Bearer ${"u".repeat(40)}`, false],
    [`Bearer  ${token}`, false],
    [`Basic ${token}`, false],
    [`Bearer ${token}, Bearer x`, false],
    [`Bearer ${token.slice(0, -1)}\u0174`, false],
  ])("of %s is %s", (header, isRight) => {
    expect(hasBearer(withHeader(header), token)).toBe(isRight);
  });
});

describe("reading JSON", () => {
  const echo: Answer = async (request, response) => sendJson(response, 200, await readJson(request, 100));

  it.each([{ a: "ä😀" }, [], null, 0, "text", { b: "x".repeat(90) }])("yields the value %j", async (value) => {
    const response = await fetch(await serve(echo), { method: "POST", body: JSON.stringify(value) });
    expect([response.status, await response.json()]).toEqual([200, value]);
  });

  it.each(["", "{", "x", '{"a":1} {"b":2}', "\u0000"])("refuses %j as a bad request", async (body) => {
    const response = await fetch(await serve(echo), { method: "POST", body });
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: "bad_request", message: "The body is not JSON." },
    ]);
  });

  it("refuses more than the limit, and takes exactly the limit", async () => {
    const url = await serve(echo);
    const exact = JSON.stringify("x".repeat(98));
    expect(exact).toHaveLength(100);
    expect((await fetch(url, { method: "POST", body: exact })).status).toBe(200);
    const response = await fetch(url, { method: "POST", body: ` ${exact}` });
    expect([response.status, await response.json()]).toEqual([
      413,
      { code: "too_large", message: "The body exceeds 100 bytes." },
    ]);
  });

  it("counts bytes, not characters", async () => {
    const body = JSON.stringify("é".repeat(60));
    expect((await fetch(await serve(echo), { method: "POST", body })).status).toBe(413);
  });

  it("stops reading a body without an end at the limit", async () => {
    const url = await serve(echo);
    const request = httpRequest(url, { method: "POST", headers: { "transfer-encoding": "chunked" } });
    request.on("error", () => {});
    request.write("x".repeat(200));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    request.destroy();
  });
});

describe("a failure", () => {
  it("that was foreseen is told as it is", async () => {
    const url = await serve(() => {
      throw new HttpFailure(409, { code: "taken", message: "Somebody was first.", by: "x" });
    });
    const response = await fetch(url);
    expect([response.status, await response.json()]).toEqual([
      409,
      { code: "taken", message: "Somebody was first.", by: "x" },
    ]);
  });

  it("that was not foreseen tells nothing of itself", async () => {
    const url = await serve(() => {
      throw new Error("password=hunter2");
    });
    const response = await fetch(url);
    expect([response.status, await response.json()]).toEqual([
      500,
      { code: "internal", message: "The request failed; see the log." },
    ]);
  });

  it("in the middle of an answer breaks it off, so that it is not taken for whole", async () => {
    const url = await serve(async (_, response) => {
      response.writeHead(200);
      await new Promise((resolve) => response.write("half", resolve));
      throw new Error("lost");
    });
    const response = await fetch(url);
    await expect(response.text()).rejects.toThrow();
  });
});
