import { describe, expect, it } from "vitest";
import { UsageReader } from "../../../src/gateway/usage-reader.ts";

const USAGE = { input_tokens: 70, input_tokens_details: { cached_tokens: 60 }, output_tokens: 30, total_tokens: 100 };
/** What a model may have written, and what an answer repeats of the request. */
const HOSTILE = {
  output: [
    { type: "message", content: [{ text: '"usage":{"total_tokens":7}}} \\" {"response":{"usage":' }], usage: {} },
  ],
  tools: [{ parameters: { properties: { usage: { total_tokens: 7 } } } }],
  text: { format: { schema: { response: { usage: { total_tokens: 7 } } } } },
  metadata: { usage: "7" },
};

function read(text: string, chunkBytes = Number.MAX_SAFE_INTEGER): UsageReader {
  const reader = new UsageReader();
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.read(bytes.subarray(at, at + chunkBytes));
  return reader;
}

const event = (data: object): string => `event: x\ndata: ${JSON.stringify(data)}\n\n`;
const completed = (response: object): string => event({ type: "response.completed", response });
const delta = (text: string): string => event({ type: "response.output_text.delta", delta: text });

describe("the usage of an answer", () => {
  it.each([
    ["of an event stream", completed({ status: "completed", usage: USAGE })],
    ["that was cut short by the model's limit", event({ type: "response.incomplete", response: { usage: USAGE } })],
    ["that failed", event({ type: "response.failed", response: { error: null, usage: USAGE } })],
    [
      "after other events",
      event({ type: "response.created", response: { usage: null } }) + completed({ usage: USAGE }),
    ],
    ["whose type comes last", event({ response: { usage: USAGE }, type: "response.completed" })],
    ["with lines that end as on Windows", completed({ usage: USAGE }).replaceAll("\n", "\r\n")],
    ["with lines that end in CR alone", completed({ usage: USAGE }).replaceAll("\n", "\r")],
    ["without a blank after the colon", completed({ usage: USAGE }).replaceAll(": ", ":")],
    ["whose data has several lines", 'data: {"response":\ndata: {"usage": {"total_tokens"\ndata: :100}}}\n\n'],
    ["the same on Windows", 'data: {"response":\r\ndata: {"usage": {"total_tokens"\r\ndata: :100}}}\r\n\r\n'],
    ["after comments and other fields", `: ping\nretry: 1\nid: 5\n\n${completed({ usage: USAGE })}`],
    ["after an event that is no JSON", `data: {"response": {"us\n\n${completed({ usage: USAGE })}`],
    ["among texts that look like it", completed({ ...HOSTILE, usage: USAGE, user: "{}" })],
    ["before texts that look like it", completed({ usage: USAGE, ...HOSTILE })],
    ["in one JSON text", JSON.stringify({ ...HOSTILE, usage: USAGE })],
    ["in one JSON text, written for people", `\n${JSON.stringify({ usage: USAGE, ...HOSTILE }, null, 2)}`],
    ["that gives no sum", completed({ usage: { input_tokens: 70, output_tokens: 30 } })],
    ["at the end of a stream that lacks its last line end", completed({ usage: USAGE }).trimEnd()],
  ])("is found: %s", (_, text) => {
    for (const chunkBytes of [1, 2, 3, 7, 64, Number.MAX_SAFE_INTEGER]) {
      expect(read(text, chunkBytes).tokens, `in chunks of ${chunkBytes}`).toBe(100);
    }
  });

  it.each([
    ["nothing", ""],
    ["an answer that names none", completed({ status: "completed", output: [] })],
    ["a usage that is null", completed({ usage: null })],
    ["one that is cut in the middle of it", completed({ usage: USAGE }).slice(0, -20)],
    ["numbers that are none", completed({ usage: { total_tokens: "100" } })],
    ["a negative number", completed({ usage: { total_tokens: -5 } })],
    ["a usage without any number", completed({ usage: {} })],
    ["a usage of absurd length", completed({ usage: { note: "x".repeat(5_000), total_tokens: 100 } })],
    ["texts that look like it", completed(HOSTILE)],
    ["a usage deeper inside", event({ type: "x", item: { response: { usage: USAGE } } })],
    ["a list in its place", completed({ usage: [USAGE] })],
    ["a line that is no data", `event: {"response":{"usage":{"total_tokens":100}}}\n\n`],
    ["brackets without end", `data: ${"[".repeat(10_000)}${"}".repeat(20_000)}\n\n`],
  ])("is null for %s", (_, text) => {
    for (const chunkBytes of [1, 5, Number.MAX_SAFE_INTEGER]) expect(read(text, chunkBytes).tokens).toBeNull();
  });

  it("is found behind megabytes of text, quickly", () => {
    const text = completed({ output: [{ text: 'long "text" {'.repeat(400_000) }], usage: USAGE });
    const startedAt = performance.now();
    expect(read(text, 16_384).tokens).toBe(100);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe("the output of an answer that says nothing", () => {
  it("is one token for each byte of the model's text, and nothing for what surrounds it", () => {
    const text =
      event({ type: "response.created", response: { instructions: "long" } }) + delta("Hei") + delta("på 😀");
    expect(read(text, 3).estimatedOutput).toBe(3 + 8);
  });

  it("is a token for each four bytes of a JSON text", () => {
    expect(read('{"output":[1234567890]}').estimatedOutput).toBe(6);
  });
});
