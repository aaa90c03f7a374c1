// Answers that are not a stream, in the shapes of the OpenAI API.
import type { ServerResponse } from "node:http";
import type { Failure } from "./script.ts";

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

export function sendError(response: ServerResponse, status: number, error: { code: string; message: string }): void {
  sendJson(response, status, { error: { ...error, type: "invalid_request_error" } });
}

/** Without a body of its own a scripted failure says what real ones say: its type and code depend on the status. */
export function sendFailure(response: ServerResponse, { status, body, headers = {} }: Failure): void {
  const type = status >= 500 ? "server_error" : status === 429 ? "rate_limit_error" : "invalid_request_error";
  const code = status === 429 ? "rate_limit_exceeded" : type;
  const content = body ?? { error: { message: `The fake model was told to fail with ${status}.`, type, code } };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (typeof content === "string") response.writeHead(status).end(content);
  else sendJson(response, status, content);
}
