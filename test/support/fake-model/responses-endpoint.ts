// POST /v1/responses: ties the script of a request to its HTTP connection.
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Conversation } from "./conversation.ts";
import { EventStream } from "./event-stream.ts";
import { sendError, sendFailure } from "./http-answers.ts";
import { playTurn } from "./turn.ts";

export type ResponsesRequest = {
  conversation: Conversation;
  bodyBytes: number;
  latencyMs: number;
  attempts: Map<string, number>;
  onClientGone: () => void;
};

export async function respond(response: ServerResponse, request: ResponsesRequest): Promise<void> {
  const { conversation, bodyBytes, latencyMs, attempts } = request;
  const stream = new EventStream(response, { model: conversation.model, bodyBytes });
  const closed = new AbortController();
  const onClose = () => {
    if (!response.writableEnded) request.onClientGone();
    closed.abort();
  };
  response.once("close", onClose);
  try {
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: closed.signal });
    await playTurn({
      conversation,
      stream,
      closed: closed.signal,
      countAttempt: (step) => countAttempt(attempts, conversation, step),
      failWith: (failure) => sendFailure(response, failure),
      hangUp: () => hangUp(response.off("close", onClose)),
    });
  } catch (error) {
    if (!closed.signal.aborted) sendScriptError(response, stream, error);
  }
}

/** Of one step in one turn of one thread, so that parallel threads with the same prompt do not share a count. */
function countAttempt(attempts: Map<string, number>, conversation: Conversation, step: number): number {
  const key = JSON.stringify([conversation.threadId, conversation.promptIndex, step, conversation.promptText]);
  const attempt = (attempts.get(key) ?? 0) + 1;
  attempts.set(key, attempt);
  return attempt;
}

async function hangUp(response: ServerResponse): Promise<void> {
  // What has been written must be on its way first; destroy() throws away what is still buffered.
  await new Promise((resolve) => response.write(": cut\n\n", resolve));
  response.destroy();
}

/** In a form that Codex does not retry: a wrong script is to fail the test at once, with its reason. */
function sendScriptError(response: ServerResponse, stream: EventStream, error: unknown): void {
  const message = `fake model: ${error instanceof Error ? error.message : String(error)}`;
  if (stream.isOpen) {
    stream.send({ type: "response.failed", response: { error: { code: "invalid_prompt", message } } });
    stream.end();
  } else sendError(response, 400, { code: "bad_script", message });
}
