// What the tests of files in and out share: a typed client of a runner's routes, and what is in its workspace.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect } from "vitest";
import type * as z from "zod";
import {
  DiffAnswer,
  FileList,
  ImportAnswer,
  type ImportRequest,
  type ListRequest,
  ReadAnswer,
  type ReadRequest,
  UploadAnswer,
  WriteAnswer,
  type WriteRequest,
} from "../../../../container/lib/files-protocol.ts";
import { RunnerFailure } from "../../../../container/protocol.ts";
import type { TestRunner } from "../../../support/runner.ts";
import { temporaryDirectory } from "../workspace/trees.ts";
import { type Lab, useLab } from "./lab.ts";

export type Format = "tar.zst" | "zip";

/** A refusal as the runner tells it. */
export interface Refused {
  status: number;
  code: string;
  message: string;
}

export interface FilesLab {
  readonly lab: Lab;
  list(request?: z.input<typeof ListRequest>): Promise<FileList>;
  read(request: z.input<typeof ReadRequest>): Promise<ReadAnswer>;
  write(request: z.input<typeof WriteRequest>): Promise<WriteAnswer>;
  import(request: z.input<typeof ImportRequest>): Promise<ImportAnswer>;
  upload(format: Format, mode: "merge" | "replace", archive: Buffer): Promise<UploadAnswer>;
  download(format: Format): Promise<Buffer>;
  diff(archives: readonly { bytes: Buffer; sha256: string }[]): Promise<DiffAnswer>;
}

/** To be called once, at the top of a file. Each test begins with an empty workspace. */
export function useFilesLab(env: Record<string, string> = {}): FilesLab {
  const lab = useLab(env);
  beforeEach(() => {
    // Whatever its names and modes.
    execFileSync("sh", ["-c", 'chmod -R u+rwX "$0" && find "$0" -mindepth 1 -delete', lab.runner.workspace]);
  });
  const post = async (path: string, body: object): Promise<unknown> =>
    await (await call(lab.runner, path, { method: "POST", body: JSON.stringify(body) })).json();
  return {
    lab,
    list: async (request = {}) => FileList.parse(await post("/files/list", request)),
    read: async (request) => ReadAnswer.parse(await post("/files/read", request)),
    write: async (request) => WriteAnswer.parse(await post("/files/write", request)),
    import: async (request) => ImportAnswer.parse(await post("/files/import", request)),
    upload: async (format, mode, archive) => {
      const path = `/files/archive?format=${format}&mode=${mode}`;
      return UploadAnswer.parse(await (await call(lab.runner, path, { method: "PUT", body: archive })).json());
    },
    download: async (format) =>
      Buffer.from(await (await call(lab.runner, `/files/archive?format=${format}`)).arrayBuffer()),
    diff: async (archives) => {
      const query = archives.map(({ bytes, sha256 }) => `archive=${sha256}:${bytes.length}`).join("&");
      const body = Buffer.concat(archives.map(({ bytes }) => bytes));
      return DiffAnswer.parse(await (await call(lab.runner, `/files/diff?${query}`, { method: "POST", body })).json());
    },
  };
}

/** Throws {@link Refused} where the answer is a failure. */
async function call(runner: TestRunner, path: string, init: RequestInit = {}): Promise<Response> {
  const response = await runner.request(path, init);
  if (response.ok) return response;
  const { code, message } = RunnerFailure.parse(await response.json());
  throw Object.assign(new Error(`${response.status} ${code}: ${message}`), { status: response.status, code });
}

/** What a call is refused with. */
export async function refusalOf(answer: Promise<unknown>): Promise<Refused> {
  const error = await answer.then(
    () => new Error("it was not refused"),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ status: expect.any(Number), code: expect.any(String) });
  return error as Refused; // as the line above proves
}

/** What `script` leaves in a directory, as an archive that GNU tar makes with `args`. */
export function tarOf(script: string, ...args: string[]): Buffer {
  const cwd = directoryOf(script);
  const out = join(temporaryDirectory(), "archive.tar.zst");
  execFileSync("tar", ["--zstd", "-cf", out, "-C", cwd, ...(args.length === 0 ? ["."] : args)], { stdio: "pipe" });
  return readFileSync(out);
}

/** The same as Info-ZIP makes it. */
export function zipOf(script: string, ...args: string[]): Buffer {
  const cwd = directoryOf(script);
  const out = join(temporaryDirectory(), "archive.zip");
  execFileSync("zip", ["-q", "-r", "-y", out, ...(args.length === 0 ? ["."] : args)], { cwd, stdio: "pipe" });
  return readFileSync(out);
}

function directoryOf(script: string): string {
  const cwd = temporaryDirectory();
  execFileSync("bash", ["-ec", script], { cwd, env: { PATH: process.env.PATH, HOME: cwd } });
  return cwd;
}
