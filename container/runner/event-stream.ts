// Serves a turn's events as NDJSON: what there is above a number, then what comes, until the turn has settled.
import type { ServerResponse } from "node:http";
import { PING_INTERVAL_MS, type StreamLine } from "../protocol.ts";
import type { EventLog } from "./turn/event-log.ts";

/** Resolves when the stream is complete or its reader is gone. A slow reader slows this stream only. */
export async function streamEvents(response: ServerResponse, log: EventLog, after: number): Promise<void> {
  const closed = new AbortController();
  response.on("close", () => closed.abort());
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  const pinger = setInterval(() => write(response, { type: "ping" }), PING_INTERVAL_MS);
  try {
    let position = after;
    while (!closed.signal.aborted) {
      const events = log.since(position);
      position += events.length;
      for (const event of events) if (!write(response, event)) await drained(response, closed.signal);
      if (log.settled !== undefined && log.length <= position) break;
      await log.changed(position, closed.signal);
    }
  } finally {
    clearInterval(pinger);
    response.end();
  }
}

function write(response: ServerResponse, line: StreamLine): boolean {
  return response.write(`${JSON.stringify(line)}\n`);
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (signal.aborted || !response.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    signal.addEventListener("abort", done, { once: true });
  });
}
