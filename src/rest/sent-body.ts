// The body of a request on its way to somebody who may not want all of it.

/** Who sends more than this after the answer is known has their connection closed. */
export const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

export interface SentBody {
  stream: ReadableStream<Uint8Array>;
  /** Reads what has not been read, without keeping it. Never rejects. */
  discard(): Promise<void>;
}

export function keepReading(body: ReadableStream<Uint8Array> | null): SentBody {
  const reader = body?.getReader();
  const stream = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (value !== undefined) return controller.enqueue(value);
      if (done) {
        controller.close();
        // A reader that brought its own buffer is told of the end only so.
        controller.byobRequest?.respond(0);
      }
    },
  });
  const discard = async (): Promise<void> => {
    try {
      for (let bytes = 0; bytes <= MAX_DISCARDED_BYTES; ) {
        const { done, value } = (await reader?.read()) ?? { done: true };
        if (done) return;
        bytes += value?.byteLength ?? 0;
      }
      await reader?.cancel();
    } catch {
      // The client has left.
    }
  };
  return { stream, discard };
}
