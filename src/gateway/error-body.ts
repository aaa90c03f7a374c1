// What a model API says about its refusal, made safe to show an agent, since an API may repeat the key that it was sent, and put
// into the form that Codex reads.
import * as z from "zod";

/** Refusals are short; the rest of a long one is left out. */
const MAX_BYTES = 64 * 1024;

/** How ChatGPT's backend words what OpenAI's API says in `error`. */
const Detail = z.object({ detail: z.string(), error: z.undefined().optional() });

/** The body as text, at most {@link MAX_BYTES} of it, with the secret masked. */
export async function readErrorBody(upstream: Response, secret: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of upstream.body ?? []) {
    text += decoder.decode(chunk.subarray(0, MAX_BYTES - size), { stream: true });
    size += chunk.length;
    if (size >= MAX_BYTES) break;
  }
  return inOpenAiForm(text.replaceAll(secret, "[masked]"));
}

function inOpenAiForm(text: string): string {
  const said = Detail.safeParse(parseJson(text)).data;
  if (said === undefined) return text;
  return JSON.stringify({ error: { message: said.detail, type: "invalid_request_error", code: null, param: null } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
