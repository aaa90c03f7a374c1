// GNU tar as a child process. It alone reads and writes the files of an archive; which ones is decided here.
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import * as z from "zod";
import { baseEnv } from "../lib/base-env.ts";

/** Its name: where the platform's own `tar` is another one (macOS), the second. */
export const GnuTar = z.enum(["tar", "gtar"]);
export type GnuTar = z.infer<typeof GnuTar>;

const MAX_STDERR_CHARS = 2_000;
/** The exit code for files that changed while they were read. */
const SOME_CHANGED = 1;

export class TarFailure extends Error {
  override name = "TarFailure";
}

/** Undefined where this machine has none. */
export async function findGnuTar(): Promise<GnuTar | undefined> {
  for (const name of GnuTar.options) {
    const version = await new Promise<string>((resolve) => {
      execFile(name, ["--version"], { env: environment() }, (error, stdout) => resolve(error === null ? stdout : ""));
    });
    if (version.includes("GNU tar")) return name;
  }
  return undefined;
}

/**
 * An archive of `paths` below `dataDir`, in that order. Directories come without what is in them. What has gone, or cannot be
 * read, is left out. `done` rejects with {@link TarFailure}.
 */
export function createTar(
  program: GnuTar,
  { dataDir, paths }: { dataDir: string; paths: readonly string[] },
): { archive: Readable; done: Promise<void> } {
  const child = start(program, dataDir, [
    ...["--create", "--file=-", "--format=posix", "--pax-option=delete=atime,delete=ctime"],
    ...["--no-recursion", "--ignore-failed-read", "--numeric-owner", "--owner=0", "--group=0"],
    ...["--null", "--verbatim-files-from", "--files-from=-"],
  ]);
  child.stdin.end(Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1"));
  return { archive: child.stdout, done: ended(child, [0, SOME_CHANGED]) };
}

/** Takes what is written to `archive` apart below `directory`. `done` rejects with {@link TarFailure}. */
export function extractTar(program: GnuTar, directory: string): { archive: Writable; done: Promise<void> } {
  const child = start(program, directory, [
    ...["--extract", "--file=-"],
    ...["--same-permissions", "--no-same-owner", "--numeric-owner", "--delay-directory-restore"],
  ]);
  child.stdout.resume();
  return { archive: child.stdin, done: ended(child, [0]) };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** tar's own `--directory` would have to be allowed to list `cwd`. */
function start(program: string, cwd: string, args: readonly string[]): Child {
  const child = spawn(program, args, { cwd, env: environment(), stdio: ["pipe", "pipe", "pipe"] });
  // A tar that ends early says why by its exit code.
  child.stdin.on("error", () => {});
  return child;
}

/** In the C locale names are bytes. */
function environment(): NodeJS.ProcessEnv {
  return { ...baseEnv(process.env), LANG: "C", LC_ALL: "C" };
}

async function ended(child: Child, good: readonly number[]): Promise<void> {
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  const [code, signal] = await once(child, "close").catch((error: unknown) => {
    throw new TarFailure(`tar could not be started: ${String(error)}`);
  });
  if (!good.includes(code)) throw new TarFailure(`tar ended with ${code ?? signal}: ${stderr}`);
}
