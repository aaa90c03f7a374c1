import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { eachLine } from "../../../../container/lib/each-line.ts";

/** What is heard of a stream that these chunks come from; "|" stands for its end. */
async function heard(
  chunks: readonly (string | Buffer)[],
  end: (stream: PassThrough) => void = (stream) => stream.end(),
) {
  const stream = new PassThrough();
  const lines: string[] = [];
  const ended = new Promise<void>((resolve) => {
    eachLine(
      stream,
      (line) => lines.push(line),
      () => {
        lines.push("|");
        resolve();
      },
    );
  });
  for (const chunk of chunks) stream.write(chunk);
  await new Promise(setImmediate);
  end(stream);
  await ended;
  return lines;
}

it.each([
  [["a\nb\n"], ["a", "b", "|"]],
  [
    ["a", "b\nc", "\n"],
    ["ab", "c", "|"],
  ],
  [["\n\n"], ["", "", "|"]],
  [["a\nrest"], ["a", "rest", "|"]],
  [[], ["|"]],
  [["a\u2028b\u2029c\u0085d\re\u000bf\n"], ["a\u2028b\u2029c\u0085d\re\u000bf", "|"]],
])("%j is read as the lines %j", async (chunks, lines) => {
  expect(await heard(chunks)).toEqual(lines);
});

it("a character may come in pieces", async () => {
  const bytes = Buffer.from("é漢😀\n");
  expect(await heard([...bytes].map((byte) => Buffer.from([byte])))).toEqual(["é漢😀", "|"]);
});

it("a line may be long and come in many chunks", async () => {
  const chunk = "x".repeat(1_000);
  const [line = ""] = await heard([...Array(5_000).fill(chunk), "\n"]);
  expect(line.length).toBe(5_000_000);
});

it("a stream that breaks has ended", async () => {
  expect(await heard(["a\nb"], (stream) => stream.destroy(new Error("broken")))).toEqual(["a", "b", "|"]);
});
