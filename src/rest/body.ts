// A request's parameters from its JSON body, within bounds.
import { AppError } from "../errors.ts";
import { mediaTypeOf } from "./media-type.ts";
import { MAX_DISCARDED_BYTES } from "./sent-body.ts";

const MAX_BODY_BYTES = 8 * 1024 * 1024;

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;
/** What `curl -d` sends where it is told nothing else: taken as JSON, since that is what users of the predecessor write. */
const CURL_TYPE = "application/x-www-form-urlencoded";

/** Without a body: no parameters. Throws `unsupported_media_type`, `payload_too_large` or `invalid_input`. */
export async function readParameters(request: Request): Promise<unknown> {
  const text = await readText(request);
  if (text.trim() === "") return {};
  const type = mediaTypeOf(request);
  if (type !== "" && type !== CURL_TYPE && !JSON_TYPE.test(type)) {
    throw new AppError(
      "unsupported_media_type",
      "Send the parameters as a JSON object, content-type application/json.",
    );
  }
  const parameters = parse(text);
  if (typeof parameters === "object" && parameters !== null && !Array.isArray(parameters)) return parameters;
  throw new AppError("invalid_input", 'The body must be a JSON object with the parameters, such as {"message": "Hi"}.');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("invalid_input", "The body is not valid JSON.");
  }
}

async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let bytes = 0;
  // Read on above the limit, without keeping it: who is still sending would see a broken connection and not the answer.
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_DISCARDED_BYTES) break;
    if (bytes > MAX_BODY_BYTES) parts.length = 0;
    else parts.push(decoder.decode(chunk, { stream: true }));
  }
  if (bytes > MAX_BODY_BYTES) throw tooLarge();
  return parts.join("") + decoder.decode();
}

function tooLarge(): AppError {
  return new AppError("payload_too_large", `The body exceeds ${MAX_BODY_BYTES} bytes (8 MiB). Send less at once.`);
}
