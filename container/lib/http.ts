// The little HTTP that the runner and the process host need: bearer check, bounded bodies, JSON answers.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A request that cannot be carried out. `body` is sent as it is. */
export class HttpFailure extends Error {
  override name = "HttpFailure";
  readonly status: number;
  readonly body: object;
  constructor(status: number, body: { code: string; message: string; [extra: string]: unknown }) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

/** Compares in constant time, whatever the lengths. */
export function hasBearer(request: IncomingMessage, token: string): boolean {
  return timingSafeEqual(digest(request.headers.authorization ?? ""), digest(`Bearer ${token}`));
}

/** Rejects with 413 above `maxBytes` and with 400 where the body is not JSON. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new HttpFailure(413, { code: "too_large", message: `The body exceeds ${maxBytes} bytes.` });
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new HttpFailure(400, { code: "bad_request", message: "The body is not JSON." });
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

/** Answers with what went wrong; anything unexpected is logged by the caller and told only as `internal`. */
export function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof HttpFailure) sendJson(response, error.status, error.body);
  else sendJson(response, 500, { code: "internal", message: "The request failed; see the log." });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
