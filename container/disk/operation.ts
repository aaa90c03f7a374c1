// What the runner and the disk process say to each other. The disk process runs as the user whom the files belong to, one
// process per operation: stdin is a line of JSON (DiskRequest), then the body that goes in; stdout is the body that comes out;
// the last line of stderr is a DiskAnswer. Each side parses what it gets from the other.
import type { Readable, Writable } from "node:stream";
import * as z from "zod";

/** Names an operation and what it takes and gives, beside the bodies. */
export interface Operation<Request extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  name: string;
  request: Request;
  result: Result;
}

export interface Bodies {
  /** What comes in. What is left of it when the operation has ended is thrown away. */
  input: Readable;
  /** What goes out. Not to be ended. */
  output: Writable;
}

/** One of the operations in main.ts. */
export interface Implementation {
  operation: Operation;
  run(request: unknown, bodies: Bodies): Promise<unknown>;
}

/** Of the line of JSON, and of the answer. What may be longer goes in a body. */
export const MAX_LINE_BYTES = 1024 * 1024;

export const DiskRequest = z.object({ operation: z.string(), request: z.unknown() });

export const DiskAnswer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    /** As for HttpFailure. */
    error: z.object({
      status: z.number().int().min(400).max(599),
      code: z.string().regex(/^[a-z_]{1,40}$/),
      message: z.string().max(2_000),
    }),
  }),
]);
export type DiskAnswer = z.infer<typeof DiskAnswer>;

/** `run` may throw HttpFailure; all else becomes `internal`. */
export function implement<Request extends z.ZodType, Result extends z.ZodType>(
  operation: Operation<Request, Result>,
  run: (request: z.infer<Request>, bodies: Bodies) => Promise<z.infer<Result>>,
): Implementation {
  return { operation, run: (request, bodies) => run(operation.request.parse(request), bodies) };
}
