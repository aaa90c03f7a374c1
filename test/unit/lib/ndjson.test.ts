import { describe, expect, it } from "vitest";
import { readNdjson } from "../../../src/lib/ndjson.ts";
import { collect } from "../../support/turn-record.ts";

function streamOf(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

const read = (...chunks: (string | Uint8Array)[]) => collect(readNdjson(streamOf(...chunks)));

describe("lines of JSON", () => {
  it.each<[string, string[], unknown[]]>([
    ["one line", ['{"a":1}\n'], [{ a: 1 }]],
    ["several lines at once", ["1\n2\n3\n"], [1, 2, 3]],
    ["no newline at the end", ["1\n2"], [1, 2]],
    ["a line in many chunks", ['{"a"', ":", "[1,", "2]}", "\n"], [{ a: [1, 2] }]],
    ["a newline as a chunk of its own", ["1", "\n", "2", "\n"], [1, 2]],
    ["empty lines and chunks", ["\n\n1\n", "", "\n2\n\n"], [1, 2]],
    ["carriage returns", ["1\r\n", "2\r\n"], [1, 2]],
    ["blanks at the end", ["1\n", "  "], [1]],
    ["an escaped newline in a text", ['"a\\nb"\n'], ["a\nb"]],
    ["nothing", [], []],
    ["values that are not objects", ["null\nfalse\n0\n[]\n"], [null, false, 0, []]],
  ])("are read from %s", async (_, chunks, values) => {
    expect(await read(...chunks)).toEqual(values);
  });

  it("are read wherever a chunk cuts a character", async () => {
    const line = { text: "é漢😀" };
    const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n${JSON.stringify(line)}`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(await read(bytes.slice(0, cut), bytes.slice(cut)), `cut at ${cut}`).toEqual([line, line]);
    }
    expect(await read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual([line, line]);
  });

  it("are handed out as they come", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const values = readNdjson(readable);
    void writer.write(new TextEncoder().encode('"early"\n"la'));
    expect((await values.next()).value).toBe("early");
    void writer.write(new TextEncoder().encode('te"\n'));
    expect((await values.next()).value).toBe("late");
  });

  it("do not cost more the longer they are", async () => {
    const text = "x".repeat(8_000_000);
    const bytes = new TextEncoder().encode(`"${text}"\n`);
    const chunks = Array.from({ length: 2_000 }, (_, index) => bytes.slice(index * 4_001, (index + 1) * 4_001));
    const startedAt = performance.now();
    expect(await read(...chunks)).toEqual([text]);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

it.each(["{\n", "1\nx\n2\n", '{"a":', "1 2\n"])("what is not JSON is an error: %j", async (text) => {
  await expect(read(text)).rejects.toThrow(SyntaxError);
});

it("an error of the stream is passed on after what came before it", async () => {
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (pulls++ === 0) controller.enqueue(new TextEncoder().encode("1\n"));
      else controller.error(new Error("connection lost"));
    },
  });
  const values: unknown[] = [];
  const reading = (async () => {
    for await (const value of readNdjson(stream)) values.push(value);
  })();
  await expect(reading).rejects.toThrow("connection lost");
  expect(values).toEqual([1]);
});

it("a reader who leaves cancels the stream", async () => {
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("1\n2\n")),
    cancel: () => {
      isCancelled = true;
    },
  });
  for await (const _ of readNdjson(stream)) break;
  expect(isCancelled).toBe(true);
});
