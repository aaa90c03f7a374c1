// Takes a stream of text apart into lines. Only "\n" ends one: node:readline also splits at U+2028 and U+2029, which a line of
// JSON may hold as they are, so that both halves would be lost.
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** `onEnd` is called once, after the last line, also where the stream breaks. A last line without its end counts. */
export function eachLine(stream: Readable, onLine: (line: string) => void, onEnd: () => void = () => {}): void {
  const decoder = new StringDecoder("utf8");
  /** Of the line that has not ended: joined once, since a line may come in thousands of chunks. */
  let parts: string[] = [];
  stream.on("data", (chunk: Buffer) => {
    const [first = "", ...others] = decoder.write(chunk).split("\n");
    parts.push(first);
    for (const other of others) {
      onLine(parts.join(""));
      parts = [other];
    }
  });
  // "close" follows; without a listener the error would end the process.
  stream.on("error", () => {});
  stream.once("close", () => {
    parts.push(decoder.end());
    const rest = parts.join("");
    if (rest !== "") onLine(rest);
    onEnd();
  });
}
