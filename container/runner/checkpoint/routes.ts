// The routes of checkpoints and restores, as lib/checkpoint-protocol.ts describes them.
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import { ArchiveDigest, CheckpointId, CheckpointRequest } from "../../lib/checkpoint-protocol.ts";
import { HttpFailure, readJson, sendJson } from "../../lib/http.ts";
import type { Checkpoints } from "./checkpoints.ts";

interface CheckpointCall {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** What the parentheses of the route's pattern matched. */
  id: string;
}

type CheckpointRoute = [
  method: string,
  path: RegExp,
  run: (checkpoints: Checkpoints, call: CheckpointCall) => Promise<void>,
];

const MAX_BODY_BYTES = 64 * 1024;
const Range = z.object({ offset: z.coerce.number().int().nonnegative(), length: z.coerce.number().int().positive() });

export const CHECKPOINT_ROUTES: readonly CheckpointRoute[] = [
  [
    "GET",
    /^\/checkpoints$/,
    async (checkpoints, { response }) => sendJson(response, 200, { held: await checkpoints.held() }),
  ],
  ["POST", /^\/checkpoints$/, create],
  ["GET", /^\/checkpoints\/(ckpt_\w{1,40})$/, read],
  ["DELETE", /^\/checkpoints\/(ckpt_\w{1,40})$/, release],
  ["POST", /^\/restore$/, begin],
  ["PUT", /^\/restore\/archive$/, unpack],
  ["POST", /^\/restore\/finish$/, finish],
];

async function create(checkpoints: Checkpoints, { request, response }: CheckpointCall): Promise<void> {
  const body = parse(CheckpointRequest, await readJson(request, MAX_BODY_BYTES));
  sendJson(response, 200, await checkpoints.create(body));
}

async function read(checkpoints: Checkpoints, { response, url, id }: CheckpointCall): Promise<void> {
  const { offset, length } = parse(Range, Object.fromEntries(url.searchParams));
  const archive = checkpoints.read(id, offset, length);
  response.writeHead(200, { "content-type": "application/zstd", "content-length": length });
  await pipeline(archive, response);
}

async function release(checkpoints: Checkpoints, { response, id }: CheckpointCall): Promise<void> {
  await checkpoints.release(id);
  sendJson(response, 200, {});
}

async function begin(checkpoints: Checkpoints, { response }: CheckpointCall): Promise<void> {
  await checkpoints.beginRestore();
  sendJson(response, 200, {});
}

async function unpack(checkpoints: Checkpoints, { request, response, url }: CheckpointCall): Promise<void> {
  const expected = parse(ArchiveDigest, Object.fromEntries(url.searchParams));
  await checkpoints.unpack(request, expected);
  sendJson(response, 200, {});
}

async function finish(checkpoints: Checkpoints, { request, response }: CheckpointCall): Promise<void> {
  const { id } = parse(z.object({ id: CheckpointId.nullable() }), await readJson(request, MAX_BODY_BYTES));
  await checkpoints.finishRestore(id);
  sendJson(response, 200, {});
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new HttpFailure(400, { code: "bad_request", message: z.prettifyError(parsed.error).slice(0, 2_000) });
}
