import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeModel, startFakeModel } from "../../support/fake-model/fake-model.ts";
import type { RecordedRequest } from "../../support/fake-model/request-log.ts";
import { type Step, script } from "../../support/fake-model/script.ts";

let model: FakeModel;

beforeEach(async () => {
  model = await startFakeModel();
});

afterEach(() => model.close());

function ask(text: string, { url = model.url, ...init }: RequestInit & { url?: string } = {}) {
  const content = [{ type: "input_text", text }];
  const body = JSON.stringify({ model: "m", input: [{ type: "message", role: "user", content }] });
  return fetch(`${url}/responses`, { method: "POST", body, ...init });
}

async function eventsOf(response: Response) {
  const blocks = (await response.text()).split("\n\n").filter(Boolean);
  return blocks.map((block) => JSON.parse(block.split("\ndata: ")[1] ?? ""));
}

describe("the stream", () => {
  it("carries one message from its announcement to its usage", async () => {
    const text = "A long enough message with a 😀 in it";
    const response = await ask(script({ say: text }));
    const events = await eventsOf(response);
    const deltas = events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta);
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join("")).toBe(text);
    expect(events.map(({ type }) => type).filter((type) => !type.endsWith("delta"))).toEqual([
      "response.created",
      "response.output_item.added",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.at(-1).response).toMatchObject({
      id: events[0].response.id,
      output: [{ content: [{ text }] }],
      usage: { input_tokens: expect.any(Number), output_tokens: 10, output_tokens_details: { reasoning_tokens: 0 } },
    });
    expect(response.headers.get("x-codex-primary-used-percent")).toBe("12");
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("99");
  });

  it.each(Array.from({ length: 9 }, (_, length) => length))(
    "splits no emoji after %i other characters",
    async (length) => {
      const text = `${"x".repeat(length)}😀😀😀`;
      const events = await eventsOf(await ask(script({ say: text })));
      const deltas: string[] = events.flatMap(({ delta }) => delta ?? []);
      expect(deltas.join("")).toBe(text);
      expect(deltas.every((delta) => delta.isWellFormed())).toBe(true);
    },
  );

  it("is silent after its beginning while it stalls", async () => {
    const response = await ask(script({ stallMs: 150 }, { say: "x" }));
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^event: response\.created\n.*\n\n$/);
    const started = performance.now();
    await reader?.read();
    expect(performance.now() - started).toBeGreaterThan(100);
  });

  it("ends with a raw event and nothing after it", async () => {
    const events = await eventsOf(await ask(script({ event: { type: "error", message: "m" } }, { say: "x" })));
    expect(events.map(({ type }) => type)).toEqual(["response.created", "error"]);
  });
});

it.each([
  ["a delay step", {}, [{ delayMs: 120 }]],
  ["the latency of the server", { latencyMs: 120 }, []],
] satisfies [string, object, Step[]][])("waits before the headers for %s", async (_, options, steps) => {
  const slow = await startFakeModel(options);
  const started = performance.now();
  await ask(script(...steps, { say: "x" }), { url: slow.url });
  expect(performance.now() - started).toBeGreaterThan(100);
  await slow.close();
});

describe("failures", () => {
  it("have the status, headers and body of the script for as many attempts as it says", async () => {
    const fail = { status: 503, headers: { "retry-after": "7" }, body: { error: { code: "busy" } }, times: 2 };
    const prompt = script({ fail }, { say: "x" });
    for (const _ of [1, 2]) {
      const response = await ask(prompt);
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("7");
      expect(await response.json()).toEqual({ error: { code: "busy" } });
    }
    expect((await ask(prompt)).status).toBe(200);
  });

  it("go on for ever without a number of times, in OpenAI's error shape", async () => {
    const prompt = script({ fail: { status: 429 } });
    for (const _ of [1, 2, 3]) {
      const response = await ask(prompt);
      expect(response.status).toBe(429);
      expect(await response.json()).toMatchObject({ error: { type: "rate_limit_error", code: "rate_limit_exceeded" } });
    }
  });

  it("cut the connection after some text has arrived", async () => {
    const response = await ask(script({ cut: {} }));
    const chunks: string[] = [];
    const reading = (async () => {
      for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk).toString());
    })();
    await expect(reading).rejects.toThrow();
    expect(chunks.join("")).toContain('"type":"response.output_text.delta"');
  });

  it.each(["[[model: {", '[[model: {"steps": [{"tell": 1}]} ]]', '[[model: {"steps": 1} ]]'])(
    "name what is wrong with the script %s",
    async (prompt) => {
      const response = await ask(prompt);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: "bad_script" } });
    },
  );
});

it("wants the API key, if it has one, and OpenAI's only path", async () => {
  const guarded = await startFakeModel({ apiKey: "sk-1" });
  const { url } = guarded;
  for (const authorization of ["", "Bearer sk-2"]) {
    const denied = await ask("hi", { url, headers: { authorization } });
    expect(denied.status).toBe(401);
    expect(await denied.json()).toMatchObject({ error: { message: expect.any(String), code: "invalid_api_key" } });
  }
  const headers = { authorization: "Bearer sk-1" };
  expect((await ask("hi", { url, headers })).status).toBe(200);
  expect((await fetch(`${url}/models`, { headers })).status).toBe(404);
  expect(guarded.requests.map(({ path }) => path)).toEqual([...Array(3).fill("/v1/responses"), "/v1/models"]);
  await guarded.close();
});

describe("the log", () => {
  it("shows other processes the requests whose prompt holds a text, and forgets them", async () => {
    await (await ask("a red house")).text();
    await (await ask("a blue house")).text();
    const origin = new URL(model.url).origin;
    async function read(query: string) {
      const response = await fetch(`${origin}/__requests${query}`);
      return (await response.json()) as RecordedRequest[]; // the log as the server holds it
    }
    expect(await read("")).toHaveLength(2);
    expect(await read("?contains=red%20house")).toMatchObject([
      { method: "POST", path: "/v1/responses", model: "m", promptText: "a red house", body: { model: "m" } },
    ]);
    await fetch(`${origin}/__reset`, { method: "POST" });
    expect(await read("")).toEqual([]);
    expect(model.requests).toEqual([]);
  });

  it("tells a client that went away from one that read to the end", async () => {
    await (await ask("hello")).text();
    const abort = new AbortController();
    await ask(script({ stallMs: 60_000 }), { signal: abort.signal });
    abort.abort();
    await sleep(50);
    expect(model.requests.map(({ connectionClosed }) => connectionClosed)).toEqual([false, true]);
  });
});
