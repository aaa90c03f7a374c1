// Requests and answers that may be longer than a line: they go in the bodies of an operation.
import type { Readable, Writable } from "node:stream";
import * as z from "zod";
import { HttpFailure } from "../../lib/http.ts";

/** Resolves when it has been taken. */
export async function writeJson(output: Writable, value: unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    output.write(JSON.stringify(value), (error) => (error ? reject(error) : resolve()));
  });
}

/** Throws `too_large` above `maxBytes`, `bad_request` where it is no JSON or not what `schema` says. */
export async function readJson<T>(input: Readable, schema: z.ZodType<T>, maxBytes: number): Promise<T> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new HttpFailure(413, { code: "too_large", message: `The body exceeds ${maxBytes} bytes.` });
    }
    chunks.push(chunk);
  }
  const parsed = schema.safeParse(parse(Buffer.concat(chunks).toString()));
  if (parsed.success) return parsed.data;
  throw new HttpFailure(400, { code: "bad_request", message: z.prettifyError(parsed.error).slice(0, 1_900) });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpFailure(400, { code: "bad_request", message: "The body is not JSON." });
  }
}
