// The routes of files in and out, as lib/files-protocol.ts describes them.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Writable } from "node:stream";
import * as z from "zod";
import { DiffQuery, DownloadQuery, ListRequest, ReadRequest, UploadQuery } from "../../lib/files-protocol.ts";
import { HttpFailure, readJson, sendJson } from "../../lib/http.ts";
import type { Exchange, WorkspaceFiles } from "./workspace-files.ts";

interface FilesCall {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
}

type FilesRoute = [method: string, path: RegExp, run: (files: WorkspaceFiles, call: FilesCall) => Promise<void>];

/** One hundred paths of full length. */
const MAX_BODY_BYTES = 1024 * 1024;
const CONTENT_TYPES = { "tar.zst": "application/zstd", zip: "application/zip" };

export const FILES_ROUTES: readonly FilesRoute[] = [
  ["POST", /^\/files\/list$/, list],
  ["POST", /^\/files\/read$/, read],
  ["POST", /^\/files\/write$/, write],
  ["POST", /^\/files\/import$/, importRepository],
  ["GET", /^\/files\/archive$/, download],
  ["PUT", /^\/files\/archive$/, upload],
  ["POST", /^\/files\/diff$/, diff],
];

async function list(files: WorkspaceFiles, call: FilesCall): Promise<void> {
  const request = parse(ListRequest, await readJson(call.request, MAX_BODY_BYTES));
  await answerWith(call, "application/json", (exchange) => files.list(request, exchange));
}

async function read(files: WorkspaceFiles, call: FilesCall): Promise<void> {
  const request = parse(ReadRequest, await readJson(call.request, MAX_BODY_BYTES));
  await answerWith(call, "application/json", (exchange) => files.read(request, exchange));
}

async function write(files: WorkspaceFiles, call: FilesCall): Promise<void> {
  const input = call.request;
  await answerWith(call, "application/json", (exchange) => files.write({ ...exchange, input }));
}

async function importRepository(files: WorkspaceFiles, { request, response }: FilesCall): Promise<void> {
  sendJson(response, 200, await files.import({ input: request, signal: signalOf(response) }));
}

async function download(files: WorkspaceFiles, call: FilesCall): Promise<void> {
  const query = parse(DownloadQuery, Object.fromEntries(call.url.searchParams));
  await answerWith(call, CONTENT_TYPES[query.format], (exchange) => files.pack(query, exchange));
}

async function upload(files: WorkspaceFiles, { request, response, url }: FilesCall): Promise<void> {
  const query = parse(UploadQuery, Object.fromEntries(url.searchParams));
  sendJson(response, 200, await files.unpack(query, { input: request, signal: signalOf(response) }));
}

async function diff(files: WorkspaceFiles, call: FilesCall): Promise<void> {
  const query = parse(DiffQuery, { archive: call.url.searchParams.getAll("archive") });
  const input = call.request;
  await answerWith(call, "application/json", (exchange) => files.diff(query, { ...exchange, input }));
}

/** The answer begins with its first byte: what fails before that is told as a failure, what fails later breaks it off. */
async function answerWith(
  { response }: FilesCall,
  contentType: string,
  run: (exchange: Exchange) => Promise<void>,
): Promise<void> {
  const begin = (): void => {
    if (!response.headersSent) response.writeHead(200, { "content-type": contentType, "cache-control": "no-store" });
  };
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      begin();
      // To nobody, it goes nowhere.
      if (response.destroyed || response.write(chunk)) done();
      else untilWritable(response, done);
    },
  });
  await run({ output, signal: signalOf(response) });
  begin();
  response.end();
}

function untilWritable(response: ServerResponse, done: () => void): void {
  const proceed = (): void => {
    response.off("drain", proceed).off("close", proceed);
    done();
  };
  response.on("drain", proceed).on("close", proceed);
}

/** Whoever asked is gone. */
function signalOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new HttpFailure(400, { code: "bad_request", message: z.prettifyError(parsed.error).slice(0, 2_000) });
}
