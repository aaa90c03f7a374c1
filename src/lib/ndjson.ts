// Newline-delimited JSON as a stream of values, whatever the chunks it arrives in.

/** Yields each line parsed as JSON. Throws `SyntaxError` for a line that is none, and what the stream throws. */
export async function* readNdjson(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  for await (const chunk of body) {
    const lines = decoder.decode(chunk, { stream: true }).split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      const whole = pending.join("") + line;
      pending = [];
      if (whole !== "") yield JSON.parse(whole);
    }
    if (last !== "") pending.push(last);
  }
  const rest = pending.join("") + decoder.decode();
  if (rest.trim() !== "") yield JSON.parse(rest);
}
