import { PassThrough, type Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { RpcClosedError, RpcConnection, RpcError } from "../../../../../container/runner/codex/rpc.ts";

/** A connection whose other end is the test. */
function connect(onRequest: (method: string, params: unknown) => Promise<unknown> = async () => ({})) {
  const output = new PassThrough();
  const input = new PassThrough();
  const notes: [method: string, params: unknown][] = [];
  const rpc = new RpcConnection(output, input, {
    onNotification: (method, params) => notes.push([method, params]),
    onRequest,
  });
  const say = (...messages: unknown[]) => {
    for (const message of messages) {
      output.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
    }
  };
  return { rpc, output, input, notes, say, heard: () => readMessages(input) };
}

async function readMessages(stream: Readable): Promise<unknown[]> {
  await new Promise(setImmediate);
  const text: Buffer | null = stream.read();
  return (text?.toString() ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

describe("a request", () => {
  it("is one line with a number of its own and no jsonrpc member", async () => {
    const { rpc, heard, say } = connect();
    const answers = [rpc.request("a", { x: 1 }), rpc.request("b", "line\nbreak")];
    expect(await heard()).toEqual([
      { id: 1, method: "a", params: { x: 1 } },
      { id: 2, method: "b", params: "line\nbreak" },
    ]);
    say({ id: 1, result: 1 }, { id: 2, result: 2 });
    await Promise.all(answers);
  });

  it("holds no half of a surrogate pair, at any depth: Codex would drop it without a word", async () => {
    const { rpc, input } = connect();
    const sent = rpc.request("a", { list: [{ text: "cut \ud83d" }, "\ude00"], whole: "\ud83d\ude00" });
    sent.catch(() => {});
    await new Promise(setImmediate);
    const line: Buffer = input.read();
    expect(line.toString()).toBe(
      '{"id":1,"method":"a","params":{"list":[{"text":"cut \ufffd"},"\ufffd"],"whole":"\ud83d\ude00"}}\n',
    );
  });

  it("gets an answer that holds line ends of Unicode as they are", async () => {
    const { rpc, say } = connect();
    const answer = rpc.request("a", {});
    say('{"id":1,"result":"one\u2028two\u2029three\u0085four"}');
    expect(await answer).toBe("one\u2028two\u2029three\u0085four");
  });

  it("gets its own answer, in whatever order they come", async () => {
    const { rpc, say } = connect();
    const answers = Promise.all([rpc.request("a", {}), rpc.request("b", {})]);
    say({ id: 2, result: "of b" }, { id: 1, result: "of a" });
    expect(await answers).toEqual(["of a", "of b"]);
  });

  it("rejects with Codex's error", async () => {
    const { rpc, say } = connect();
    const answer = rpc.request("a", {});
    say({ id: 1, error: { code: -32600, message: "no such thread" } });
    await expect(answer).rejects.toMatchObject({ name: "RpcError", code: -32600, message: "no such thread" });
    await expect(answer).rejects.toBeInstanceOf(RpcError);
  });

  it.each([null, false, 0, "", [1]])("passes the result %j on as it is", async (result) => {
    const { rpc, say } = connect();
    const answer = rpc.request("a", {});
    say({ id: 1, result });
    expect(await answer).toEqual(result);
  });
});

describe("what is not a message", () => {
  it.each([
    "",
    "a stray print",
    "{",
    "[]",
    "null",
    '"text"',
    "17",
    '{"id":{}}',
    '{"id":1,"error":"text"}',
    '{"id":99,"result":"of nobody"}',
    "{}",
  ])("is passed over: %s", async (line) => {
    const { rpc, say, notes } = connect();
    const answer = rpc.request("a", {});
    say(line, { id: 1, result: "right" });
    expect(await answer).toBe("right");
    expect(notes).toEqual([]);
  });
});

it("understands messages that arrive in pieces, with any line ends, and more than one at once", async () => {
  const { output, notes } = connect();
  const bytes = Buffer.from('{"method":"a","params":"ä😀"}\r\n{"method":"b"}\n{"method":"c"}\n');
  for (const byte of bytes) output.write(Buffer.from([byte]));
  await new Promise(setImmediate);
  expect(notes).toEqual([
    ["a", "ä😀"],
    ["b", undefined],
    ["c", undefined],
  ]);
});

it("sends a notification without a number", async () => {
  const { rpc, heard } = connect();
  rpc.notify("initialized");
  rpc.notify("told", { x: 1 });
  expect(await heard()).toEqual([{ method: "initialized" }, { method: "told", params: { x: 1 } }]);
});

describe("a request from Codex", () => {
  it.each([7, "seven", 0])("with the id %j is answered with what the peer decides", async (id) => {
    const { say, heard } = connect(async (method, params) => ({ method, params }));
    say({ id, method: "approve", params: { command: "ls" } });
    expect(await heard()).toEqual([{ id, result: { method: "approve", params: { command: "ls" } } }]);
  });

  it("is answered with an error where the peer refuses", async () => {
    const { say, heard } = connect(async () => Promise.reject(new Error("not supported")));
    say({ id: 7, method: "dance" });
    expect(await heard()).toEqual([{ id: 7, error: { code: -32000, message: "not supported" } }]);
  });

  it("is not answered any more once the connection is closed", async () => {
    const decision = Promise.withResolvers<unknown>();
    const { rpc, say, heard } = connect(() => decision.promise);
    say({ id: 7, method: "approve" });
    await new Promise(setImmediate);
    rpc.close();
    decision.resolve({});
    expect(await heard()).toEqual([]);
  });
});

describe("the end of the connection", () => {
  it.each([
    ["when it is closed", ({ rpc }: ReturnType<typeof connect>) => rpc.close()],
    ["when Codex closes its output", ({ output }: ReturnType<typeof connect>) => output.end()],
    ["when nothing can be written", ({ input }: ReturnType<typeof connect>) => input.destroy(new Error("EPIPE"))],
  ])("%s rejects all that still waits and all that comes later", async (_, end) => {
    const connection = connect();
    const waiting = [connection.rpc.request("a", {}), connection.rpc.request("b", {})];
    const outcomes = Promise.allSettled(waiting);
    end(connection);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(RpcClosedError) });
    }
    await expect(connection.rpc.request("c", {})).rejects.toThrow("c was not sent");
    expect(() => connection.rpc.notify("d")).not.toThrow();
    connection.rpc.close();
  });
});
