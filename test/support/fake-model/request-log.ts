// Everything that was asked of the fake model, for tests to look into: also from another process, so it is all JSON.
import type { IncomingHttpHeaders } from "node:http";

export type RecordedRequest = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Parsed JSON; the plain text if it is not JSON. */
  body: unknown;
  /** When its headers had arrived, in milliseconds since the epoch. */
  receivedAt: number;
  model: string;
  /** The text of the last user message; empty outside the Responses API. */
  promptText: string;
  /** The client went away before the answer had ended. */
  connectionClosed: boolean;
};

// A benchmark sends tens of thousands of requests of 50 kB; only the newest are worth their memory.
const maxRequests = 2000;

export function addToLog(log: RecordedRequest[], request: RecordedRequest): void {
  log.push(request);
  if (log.length > maxRequests) log.shift();
}

export function findByPrompt(log: RecordedRequest[], text: string): RecordedRequest[] {
  return log.filter(({ promptText }) => promptText.includes(text));
}
