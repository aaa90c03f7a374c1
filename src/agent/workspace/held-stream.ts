// A stream of bytes that keeps something for as long as it is read: it is known when that ends, and neither a reader that
// takes nothing nor a source that sends nothing keeps it for ever.
import { withTimeout } from "../../lib/idle-timeout.ts";

export interface HeldStream {
  readable: ReadableStream<Uint8Array>;
  /** Resolves when all was read, when the source has failed, when the reader has left, or when nothing moves any more. */
  ended: Promise<void>;
}

/** `onBytes` is called with each piece. */
export function holdStream(source: ReadableStream<Uint8Array>, idleMs: number, onBytes: () => void): HeldStream {
  const reader = source.getReader();
  const ended = Promise.withResolvers<void>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const end = (): void => {
    if (timer !== null) clearTimeout(timer);
    ended.resolve();
  };
  const leave = (): void => {
    void reader.cancel().catch(() => {});
    end();
  };
  const watch = (controller: ReadableByteStreamController): void => {
    timer = setTimeout(() => {
      controller.error(new Error(`nobody read for ${idleMs} ms`));
      leave();
    }, idleMs);
  };
  const readable = new ReadableStream({
    type: "bytes",
    start: watch,
    async pull(controller) {
      if (timer !== null) clearTimeout(timer);
      try {
        const { done, value } = await withTimeout(reader.read(), idleMs);
        if (done) {
          controller.close();
          // A reader that brought its own buffer is told of the end only so.
          controller.byobRequest?.respond(0);
          return end();
        }
        onBytes();
        controller.enqueue(value);
        watch(controller);
      } catch (error) {
        leave();
        throw error;
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  });
  return { readable, ended: ended.promise };
}
