// What a model API says about its refusal, made safe to show an agent: an API may repeat the key that it was sent.
import type { Credential } from "./credentials.ts";

/** Refusals are short; the rest of a long one is left out. */
const MAX_BYTES = 64 * 1024;

/** The body as text, at most {@link MAX_BYTES} of it, with the credential masked. */
export async function readErrorBody(upstream: Response, { authorization }: Credential): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of upstream.body ?? []) {
    text += decoder.decode(chunk.subarray(0, MAX_BYTES - size), { stream: true });
    size += chunk.length;
    if (size >= MAX_BYTES) break;
  }
  const secret = authorization.slice(authorization.indexOf(" ") + 1);
  return text.replaceAll(secret, "[masked]");
}
