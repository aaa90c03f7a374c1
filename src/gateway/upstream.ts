// One model request on its way to OpenAI or ChatGPT, with the credential in place.
import type { Config } from "../config.ts";
import type { ModelCredential } from "../fleet/credential-types.ts";
import { upstreamHeaders } from "./headers.ts";

export interface OutgoingRequest {
  incoming: Request;
  body: ReadableStream<Uint8Array> | null;
  /** What the body says; null where that is not known. */
  model: string | null;
}

/** Codex writes the model first. Anything further in could be somebody's text. */
const MODEL = /^\s*\{\s*"model"\s*:\s*"([\w.:/-]{1,128})"/;

/** `head` is the beginning of a body. */
export function modelIn(head: string): string | null {
  return MODEL.exec(head)?.[1] ?? null;
}

/** Rejects where the upstream cannot be reached. */
export function send(
  { incoming, body, model }: OutgoingRequest,
  credential: ModelCredential,
  { OPENAI_BASE_URL }: Config,
): Promise<Response> {
  const url =
    credential.method === "api_key" ? `${OPENAI_BASE_URL}/responses` : `${credential.base_url}/codex/responses`;
  return fetch(url, {
    method: "POST",
    headers: upstreamHeaders(incoming.headers, credential, model),
    body: withLength(body, incoming),
    redirect: "manual",
    signal: incoming.signal,
  });
}

/** A stream that was taken apart and put together again has lost the length that its request named. */
function withLength(body: ReadableStream<Uint8Array> | null, incoming: Request): ReadableStream<Uint8Array> | null {
  const length = incoming.headers.get("content-length");
  if (body === null || body === incoming.body || length === null || !/^\d{1,15}$/.test(length)) return body;
  const { readable, writable } = new FixedLengthStream(Number(length));
  // An upstream that answers early stops reading; its answer says why.
  body.pipeTo(writable).catch(() => {});
  return readable;
}
