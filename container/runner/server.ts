// The runner's HTTP API, as protocol.ts describes it. Every route needs the bearer token.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import * as z from "zod";
import { HttpFailure, hasBearer, readJson, sendFailure, sendJson } from "../lib/http.ts";
import type { Logger } from "../lib/log.ts";
import {
  ApprovalAnswer,
  type ModelInfo,
  type RunnerHealth,
  type RunnerMetrics,
  SteerMessage,
  TurnSpec,
} from "../protocol.ts";
import type { Checkpoints } from "./checkpoint/checkpoints.ts";
import { CHECKPOINT_ROUTES } from "./checkpoint/routes.ts";
import type { Drain } from "./drain.ts";
import { streamEvents } from "./event-stream.ts";
import { FILES_ROUTES } from "./files/routes.ts";
import type { WorkspaceFiles } from "./files/workspace-files.ts";
import { restoreRollout, rolloutBytes } from "./turn/rollout.ts";
import type { SessionGrants } from "./turn/session-grants.ts";
import type { Threads } from "./turn/threads.ts";
import type { TurnBook } from "./turn/turn-book.ts";

export interface RunnerApi {
  token: string;
  codexHome: string;
  turns: TurnBook;
  threads: Threads;
  grants: SessionGrants;
  checkpoints: Checkpoints;
  files: WorkspaceFiles;
  drain: Drain;
  log: Logger;
  health(): RunnerHealth;
  metrics(): Promise<RunnerMetrics>;
  models(): Promise<ModelInfo[]>;
  logTail(lines: number): string[];
}

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** What the parentheses of the route's pattern matched. */
  id: string;
  second: string;
}

type Route = [method: string, path: RegExp, run: (api: RunnerApi, call: Call) => Promise<void> | void];

const MAX_SPEC_BYTES = 64 * 1024 * 1024;
const MAX_LOG_LINES = 1_000;

const ROUTES: readonly Route[] = [
  ["GET", /^\/health$/, (api, { response }) => sendJson(response, 200, api.health())],
  ["GET", /^\/metrics$/, async (api, { response }) => sendJson(response, 200, await api.metrics())],
  ["GET", /^\/models$/, async (api, { response }) => sendJson(response, 200, { models: await api.models() })],
  ["GET", /^\/logs$/, (api, { response, url }) => sendJson(response, 200, { lines: api.logTail(tailOf(url)) })],
  ["POST", /^\/turns$/, startTurn],
  ["GET", /^\/turns\/([\w-]{1,64})\/events$/, followTurn],
  ["POST", /^\/turns\/([\w-]{1,64})\/cancel$/, cancelTurn],
  ["POST", /^\/turns\/([\w-]{1,64})\/approvals\/([\w-]{1,64})$/, answerApproval],
  ["POST", /^\/turns\/([\w-]{1,64})\/steer$/, steerTurn],
  ["GET", /^\/grants$/, (api, { response }) => sendJson(response, 200, { grants: api.grants.list() })],
  ["DELETE", /^\/grants$/, (api, { response }) => sendJson(response, 200, { grants: api.grants.clear() })],
  ["PUT", /^\/threads\/([\w-]{1,64})\/rollout$/, putRollout],
  ...CHECKPOINT_ROUTES.map(([method, path, run]): Route => [method, path, (api, call) => run(api.checkpoints, call)]),
  ...FILES_ROUTES.map(([method, path, run]): Route => [method, path, (api, call) => run(api.files, call)]),
];

/** A server that is not listening yet. */
export function createRunnerServer(api: RunnerApi): Server {
  const server = createServer((request, response) => {
    api.drain.track(response);
    void dispatch(api, request, response).catch((error: unknown) => {
      if (!(error instanceof HttpFailure)) api.log.error("request failed", { path: request.url, error: String(error) });
      sendFailure(response, error);
    });
  });
  // Idle connections of the Worker stay usable between turns.
  server.keepAliveTimeout = 120_000;
  return server;
}

async function dispatch(api: RunnerApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!hasBearer(request, api.token)) throw new HttpFailure(401, { code: "unauthorized", message: "Wrong token." });
  const url = new URL(request.url ?? "/", "http://runner");
  for (const [method, path, run] of ROUTES) {
    const match = path.exec(url.pathname);
    if (match === null || method !== request.method) continue;
    return await run(api, { request, response, url, id: match[1] ?? "", second: match[2] ?? "" });
  }
  throw new HttpFailure(404, { code: "not_found", message: "No such route." });
}

async function startTurn(api: RunnerApi, { request, response, url }: Call): Promise<void> {
  const spec = await readBody(TurnSpec, request);
  if (api.turns.find(spec.turn_id) === undefined) {
    if (api.drain.isOn) throw new HttpFailure(409, { code: "draining", message: "This container is about to end." });
    await requireRollout(api, spec);
    await api.files.untilSettled();
  }
  const outcome = api.turns.start(spec);
  if (!outcome.ok) {
    throw new HttpFailure(409, { code: "turn_active", message: `Turn ${outcome.activeTurnId} is at work.` });
  }
  const correlation_id = request.headers["x-correlation-id"];
  api.log.info("turn accepted", { turn_id: spec.turn_id, access: spec.access, correlation_id });
  await streamEvents(response, outcome.turn.log, afterOf(url));
}

async function requireRollout(api: RunnerApi, { thread_id, rollout_bytes }: TurnSpec): Promise<void> {
  if (thread_id === null) return;
  const have_bytes = await api.threads.rolloutBytes(thread_id);
  if (have_bytes >= rollout_bytes && have_bytes > 0) return;
  throw new HttpFailure(409, {
    code: "rollout_missing",
    message: `This disk holds ${have_bytes} of ${rollout_bytes} bytes of the conversation.`,
    have_bytes,
  });
}

function followTurn(api: RunnerApi, { response, url, id }: Call): Promise<void> {
  return streamEvents(response, known(api, id).log, afterOf(url));
}

function cancelTurn(api: RunnerApi, { response, id }: Call): void {
  known(api, id).execution.cancel();
  sendJson(response, 202, {});
}

async function answerApproval(api: RunnerApi, { request, response, id, second }: Call): Promise<void> {
  const { decision } = await readBody(ApprovalAnswer, request);
  if (!known(api, id).execution.answer(second, decision)) {
    throw new HttpFailure(409, { code: "decided", message: "This approval does not wait any more." });
  }
  sendJson(response, 202, {});
}

async function steerTurn(api: RunnerApi, { request, response, id }: Call): Promise<void> {
  const { message } = await readBody(SteerMessage, request);
  if (!(await known(api, id).execution.steer(message))) {
    throw new HttpFailure(409, { code: "not_active", message: "The turn is not at work." });
  }
  sendJson(response, 202, {});
}

async function putRollout(api: RunnerApi, { request, response, id }: Call): Promise<void> {
  if (api.turns.activeTurnId !== null) {
    throw new HttpFailure(409, { code: "turn_active", message: "A turn is at work; its conversation is in use." });
  }
  await restoreRollout(api.codexHome, id, request);
  sendJson(response, 200, { bytes: await rolloutBytes(api.codexHome, id) });
}

async function readBody<Schema extends z.ZodType>(schema: Schema, request: IncomingMessage): Promise<z.infer<Schema>> {
  const parsed = schema.safeParse(await readJson(request, MAX_SPEC_BYTES));
  if (parsed.success) return parsed.data;
  throw new HttpFailure(400, { code: "bad_request", message: z.prettifyError(parsed.error).slice(0, 2_000) });
}

function known(api: RunnerApi, turnId: string): NonNullable<ReturnType<TurnBook["find"]>> {
  const turn = api.turns.find(turnId);
  if (turn === undefined) throw new HttpFailure(404, { code: "gone", message: "This runner knows no such turn." });
  return turn;
}

function afterOf(url: URL): number {
  return z.coerce
    .number()
    .int()
    .nonnegative()
    .catch(0)
    .parse(url.searchParams.get("after") ?? 0);
}

function tailOf(url: URL): number {
  return z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_LOG_LINES)
    .catch(100)
    .parse(url.searchParams.get("tail") ?? 100);
}
