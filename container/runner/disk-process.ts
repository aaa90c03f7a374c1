// Starts the disk process (../disk), which alone touches the agent's files: they belong to another user in a container, and
// the runner neither reads nor follows what a turn has left there. One process per operation. What it answers is not trusted:
// it shares its user with the commands of turns.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import type * as z from "zod";
import { DiskAnswer, MAX_LINE_BYTES, type Operation } from "../disk/operation.ts";
import { baseEnv } from "../lib/base-env.ts";
import { HttpFailure } from "../lib/http.ts";
import type { Logger } from "../lib/log.ts";

export interface DiskProcessOptions {
  /** Goes before the program: what starts it as another user. */
  prefix?: readonly string[];
  /** The program in place of the one that comes with the runner. */
  program?: string;
  timeoutMs?: number;
  log: Logger;
}

export interface DiskBodies {
  /** Read to its end in any case, if need be after the operation has ended. */
  input?: Readable;
  output?: Writable;
  /** More is an error. */
  maxOutputBytes?: number;
  signal?: AbortSignal;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** It is short-lived and holds little. */
const FLAGS = ["--max-old-space-size=256"];
/** The longest that the Worker waits for one. */
const TIMEOUT_MS = 900_000;
/** An archive of the largest disk that is saved. */
const MAX_OUTPUT_BYTES = 11 * 1024 ** 3;
const MAX_LOGGED_CHARS = 2_000;

export class DiskProcess {
  readonly #options: DiskProcessOptions;

  constructor(options: DiskProcessOptions) {
    this.#options = options;
  }

  /** Throws HttpFailure as the operation has it, and an Error where the process ends without an answer. */
  async run<Request extends z.ZodType, Result extends z.ZodType>(
    operation: Operation<Request, Result>,
    request: z.input<Request>,
    bodies: DiskBodies = {},
  ): Promise<z.infer<Result>> {
    const child = this.#start();
    const line = `${JSON.stringify({ operation: operation.name, request })}\n`;
    const limit = AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS);
    const end = AbortSignal.any(bodies.signal === undefined ? [limit] : [limit, bodies.signal]);
    try {
      const ended = answerOf(child, end);
      const fed = feed(child.stdin, line, bodies.input, end);
      // Whoever sends may go on for long to a process that has ended: what still comes is thrown away, unawaited.
      fed.catch(() => {});
      const work = [ended, Promise.race([fed, ended]), drain(child.stdout, bodies, end)] as const;
      const [answer] = await Promise.all(work);
      return this.#resultOf(operation, answer);
    } finally {
      await endOf(child);
    }
  }

  #start(): Child {
    const [program = "", ...args] = [
      ...(this.#options.prefix ?? []),
      ...[this.#options.prefix === undefined ? process.execPath : "node", ...FLAGS],
      this.#options.program ?? ownProgram(),
    ];
    // No NODE_OPTIONS, no HOME: the process is not one of the agent's commands.
    // What it starts is of its group, and ends with it.
    const child = spawn(program, args, {
      cwd: "/",
      env: baseEnv(process.env),
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    // What ends early says why in its answer.
    child.stdin.on("error", () => {});
    return child;
  }

  #resultOf<Result extends z.ZodType>({ name, result }: Operation<z.ZodType, Result>, answer: Ended): z.infer<Result> {
    const { lines, how } = answer;
    const parsed = DiskAnswer.safeParse(parseJson(lines.pop() ?? ""));
    const said = lines.join("\n").slice(-MAX_LOGGED_CHARS);
    if (said !== "") this.#options.log.debug("disk process", { operation: name, said });
    if (!parsed.success || how !== 0) throw new Error(`the disk process for ${name} ended with ${how} and no answer`);
    if (parsed.data.ok) return result.parse(parsed.data.result);
    const { status, code, message } = parsed.data.error;
    if (code === "internal") throw new Error(`the disk process could not ${name}: ${message}`);
    throw new HttpFailure(status, { code, message });
  }
}

/** Beside the runner's bundle, or in the sources. */
function ownProgram(): string {
  const bundled = fileURLToPath(new URL("./disk.cjs", import.meta.url));
  return existsSync(bundled) ? bundled : fileURLToPath(new URL("../disk/main.ts", import.meta.url));
}

async function endOf(child: Child): Promise<void> {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  if (child.pid === undefined) return;
  const exited = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, "exit");
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
  await exited;
}

interface Ended {
  /** Of stderr, the last of them. */
  lines: string[];
  /** The exit code, or the signal's name. */
  how: number | string;
}

async function answerOf(child: Child, signal: AbortSignal): Promise<Ended> {
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-MAX_LINE_BYTES);
  });
  const [code, killedBy] = await once(child, "close", { signal });
  return { lines: text.trimEnd().split("\n"), how: code ?? killedBy };
}

async function feed(stdin: Writable, line: string, input: Readable | undefined, signal: AbortSignal): Promise<void> {
  stdin.write(line);
  const stop = (): void => void input?.destroy(new Error("the operation was given up"));
  signal.addEventListener("abort", stop);
  try {
    for await (const chunk of input ?? []) {
      if (!stdin.destroyed && !stdin.write(chunk)) await untilWritable(stdin);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  stdin.end();
}

async function drain(stdout: Readable, { output, maxOutputBytes }: DiskBodies, signal: AbortSignal): Promise<void> {
  if (output === undefined) return finished(stdout.resume(), { signal });
  await pipeline(stdout, limitedTo(maxOutputBytes ?? MAX_OUTPUT_BYTES), output, { signal });
}

function limitedTo(maxBytes: number) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error(`the disk process puts out more than ${maxBytes} bytes`);
      yield chunk;
    }
  };
}

/** Resolves also when nothing can be written any more. */
function untilWritable(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const proceed = (): void => {
      stream.off("drain", proceed).off("close", proceed);
      resolve();
    };
    stream.on("drain", proceed).on("close", proceed);
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
