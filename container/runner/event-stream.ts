// Serves a turn's events as NDJSON: what there is above a number, then what comes, until the turn has settled.
import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { PING_INTERVAL_MS, type StreamLine } from "../protocol.ts";
import type { EventLog } from "./turn/event-log.ts";

const MAX_PIECE_CHARS = 64 * 1024;

/**
 * Resolves when the stream is complete or its reader is gone. A slow reader slows this stream only. What happens together
 * leaves together, the end of the stream with the last event: each piece costs its reader a turn of the event loop.
 */
export async function streamEvents(response: ServerResponse, log: EventLog, after: number): Promise<void> {
  const closed = new AbortController();
  response.on("close", () => closed.abort());
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  const pinger = setInterval(() => response.write(toLine({ type: "ping" })), PING_INTERVAL_MS);
  const send = async (text: string): Promise<void> => {
    if (!response.write(text)) await drained(response, closed.signal);
  };
  let piece = "";
  try {
    for (let position = after; !closed.signal.aborted; await setImmediate()) {
      const events = log.since(position);
      position += events.length;
      for (const event of events) {
        piece += toLine(event);
        if (piece.length < MAX_PIECE_CHARS) continue;
        await send(piece);
        piece = "";
      }
      if (log.settled !== undefined && log.length <= position) break;
      if (piece !== "") await send(piece);
      piece = "";
      await log.changed(position, closed.signal);
    }
  } finally {
    clearInterval(pinger);
    response.end(piece);
  }
}

function toLine(line: StreamLine): string {
  return `${JSON.stringify(line)}\n`;
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
