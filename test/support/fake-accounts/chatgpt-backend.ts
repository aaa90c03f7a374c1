// chatgpt.com/backend-api, as far as Codex uses it.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "./account.ts";

const RESETS_AT = 1_900_000_000;

export async function answerChatGpt(
  path: string,
  account: Account | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const token = (request.headers.authorization ?? "").replace("Bearer ", "");
  if (account?.behaviour.responses === "echo" && path === "/codex/responses" && account.accepts(token)) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    return void request.pipe(response);
  }
  const body = await text(request);
  account?.record.requests.push({ method: request.method ?? "", path, headers: request.headers, body });
  if (account === undefined || !account.accepts(token)) {
    return send(response, 401, { detail: `Told to refuse ${request.headers.authorization}` });
  }
  if (path === "/wham/accounts/check") return sendCheck(account, response);
  if (path === "/wham/usage") return sendUsage(account, response);
  const { model_url } = account.behaviour;
  if (path === "/codex/responses" && model_url !== null)
    return askModel(`${model_url}/responses`, request, body, response);
  if (path === "/codex/responses") return sendResponses(account, token, response);
  send(response, 404, { detail: "Not Found" });
}

function sendCheck(account: Account, response: ServerResponse): void {
  const { check, workspace_backend_origin, account_routing_override } = account.behaviour;
  const accounts = [{ id: account.id, workspace_backend_origin, account_routing_override }];
  if (check === "ok") send(response, 200, { accounts });
  else send(response, check, { detail: "told to" });
}

async function sendUsage({ behaviour }: Account, response: ServerResponse): Promise<void> {
  await sleep(behaviour.usage_delay_ms);
  const primary_window = { used_percent: behaviour.used_percent, limit_window_seconds: 18_000, reset_at: RESETS_AT };
  const secondary_window = { used_percent: 3, limit_window_seconds: 604_800, reset_at: RESETS_AT + 1 };
  send(response, 200, { plan_type: behaviour.plan, rate_limit: { primary_window, secondary_window }, credits: null });
}

async function askModel(
  url: string,
  { headers }: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const passed = Object.entries(headers).filter(([name]) => !/^(?:host|connection|content-length)$/.test(name));
  const answer = await fetch(url, {
    method: "POST",
    headers: Object.fromEntries(passed) as Record<string, string>,
    body,
  });
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

async function sendResponses(account: Account, token: string, response: ServerResponse): Promise<void> {
  const { responses, used_percent, plan } = account.behaviour;
  for (const [name, value] of Object.entries(limitHeaders(used_percent))) response.setHeader(name, value);
  if (responses === "usage_limit") {
    const error = { type: "usage_limit_reached", message: "told to", plan_type: plan, resets_at: RESETS_AT };
    return send(response, 429, { error });
  }
  if (responses === "detail") return send(response, 400, { detail: `This model is not for you, ${token}` });
  if (typeof responses === "number") {
    response.setHeader("retry-after", "7");
    return send(response, responses, { error: { code: "scripted", message: `Told to answer ${responses}.` } });
  }
  response.writeHead(200, { "content-type": "text/event-stream" }).write("data: first\n\n");
  if (responses === "gated") await account.released;
  response.end("data: last\n\n");
}

function limitHeaders(usedPercent: number): Record<string, string> {
  return {
    "x-codex-primary-used-percent": String(usedPercent),
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": String(RESETS_AT),
    "x-codex-secondary-used-percent": "3",
    "x-codex-secondary-window-minutes": "10080",
    "x-codex-secondary-reset-at": String(RESETS_AT + 1),
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
