// A tool that needs a capability which its client has not declared is refused with HTTP 400 (SEP-2575). Where every answer is
// streamed the SDK has begun its 200 before the tool has run, so the first event is looked at before the status goes out.
import { ProtocolErrorCode } from "@modelcontextprotocol/server";

/** A refusal comes at once; a tool that has been silent for this long is at work. */
const PATIENCE_MS = 250;

type Reading = ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>;

/** The same response, or the refusal in it with its own status. */
export async function withRefusalStatus(response: Response): Promise<Response> {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  if (response.body === null || !isStream) return response;
  const reader = response.body.getReader();
  const first = reader.read();
  const refusal = refusalIn((await within(PATIENCE_MS, first))?.value);
  if (refusal === undefined) return new Response(goOn(first, reader), response);
  await reader.cancel();
  return Response.json(refusal, { status: 400 });
}

function goOn(first: Reading, reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  let next = first;
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await next;
      if (done) return controller.close();
      controller.enqueue(value);
      next = reader.read();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Undefined for an event that is anything else. The SDK writes each event in one piece. */
function refusalIn(event: Uint8Array | undefined): object | undefined {
  const data = /^data: (.*)$/m.exec(new TextDecoder().decode(event))?.[1];
  if (data === undefined || !data.includes(String(ProtocolErrorCode.MissingRequiredClientCapability))) return undefined;
  const message: { error?: { code?: number } } = JSON.parse(data);
  return message.error?.code === ProtocolErrorCode.MissingRequiredClientCapability ? message : undefined;
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: timeout, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
