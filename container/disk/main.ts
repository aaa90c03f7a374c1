// The disk process: carries out one operation on the agent's files, as the user whom they belong to, and ends. See operation.ts.
import type { Readable } from "node:stream";
import { HttpFailure } from "../lib/http.ts";
import { DiskAnswer, DiskRequest, type Implementation, implement, MAX_LINE_BYTES } from "./operation.ts";
import { FilesDiff, filesDiff } from "./operations/files-diff.ts";
import { FilesImport, filesImport } from "./operations/files-import.ts";
import { FilesList, filesList } from "./operations/files-list.ts";
import { FilesPack, filesPack } from "./operations/files-pack.ts";
import { FilesDiscard, FilesFinish, FilesPut, filesDiscard, filesFinish, filesPut } from "./operations/files-put.ts";
import { FilesRead, filesRead } from "./operations/files-read.ts";
import { FilesUnpack, filesUnpack } from "./operations/files-unpack.ts";
import { FilesStage, FilesWrite, filesStage, filesWrite } from "./operations/files-write.ts";
import { Place, place } from "./operations/place.ts";
import { Save, save } from "./operations/save.ts";
import { Stage, stage } from "./operations/stage.ts";
import { Unpack, unpack } from "./operations/unpack.ts";

const OPERATIONS: readonly Implementation[] = [
  implement(Save, save),
  implement(Stage, stage),
  implement(Unpack, unpack),
  implement(Place, place),
  implement(FilesList, filesList),
  implement(FilesRead, filesRead),
  implement(FilesStage, filesStage),
  implement(FilesWrite, filesWrite),
  implement(FilesImport, filesImport),
  implement(FilesUnpack, filesUnpack),
  implement(FilesPut, filesPut),
  implement(FilesDiscard, filesDiscard),
  implement(FilesFinish, filesFinish),
  implement(FilesPack, filesPack),
  implement(FilesDiff, filesDiff),
];

const LINE_FEED = 0x0a;
const MAX_MESSAGE_CHARS = 2_000;

async function carryOut(): Promise<unknown> {
  const { operation: name, request } = DiskRequest.parse(JSON.parse(await readLine(process.stdin)));
  const found = OPERATIONS.find(({ operation }) => operation.name === name);
  if (found === undefined) throw new Error(`There is no operation ${name}.`);
  const result = await found.run(request, { input: process.stdin, output: process.stdout });
  await new Promise<void>((resolve, reject) => {
    process.stdout.write("", (error) => (error ? reject(error) : resolve()));
  });
  return result;
}

/** The rest of the stream stays in it. */
async function readLine(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk: Buffer | null = stream.read();
    if (chunk === null) {
      if (stream.readableEnded) throw new Error("The request has no end.");
      await new Promise((resolve) => stream.once("readable", resolve).once("end", resolve));
      continue;
    }
    const end = chunk.indexOf(LINE_FEED);
    pieces.push(end === -1 ? chunk : chunk.subarray(0, end));
    size += chunk.length;
    if (end !== -1) {
      if (end + 1 < chunk.length) stream.unshift(chunk.subarray(end + 1));
      return Buffer.concat(pieces).toString("utf8");
    }
    if (size > MAX_LINE_BYTES) throw new Error("The request is too long.");
  }
}

function failureOf(error: unknown): DiskAnswer {
  const parsed = error instanceof HttpFailure ? DiskAnswer.safeParse(answerOf(error)) : undefined;
  if (parsed?.success) return parsed.data;
  const message = String(error).slice(0, MAX_MESSAGE_CHARS);
  return { ok: false, error: { status: 500, code: "internal", message } };
}

function answerOf({ status, body }: HttpFailure): unknown {
  return { ok: false, error: { status, ...body } };
}

async function main(): Promise<void> {
  // Whoever reads may be gone; the operation then fails by its own writes.
  process.stderr.on("error", () => {});
  const answer = await carryOut().then((result): DiskAnswer => ({ ok: true, result }), failureOf);
  process.stderr.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
}

void main();
