// A conversation is its rollout file: an append-only JSONL that Codex writes under CODEX_HOME/sessions. This file sends
// what is new in it to the caller, which keeps the bytes, and puts them back on an empty disk.
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { TurnEventBody } from "../../protocol.ts";

type RolloutEvent = Extract<TurnEventBody, { type: "rollout" }>;

/** Well below what one row of the Worker's database holds, also after JSON escaping. */
const PIECE_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

export class RolloutFile {
  readonly threadId: string;
  readonly #path: string;
  #sentBytes: number;

  constructor(threadId: string, path: string, sentBytes: number) {
    this.threadId = threadId;
    this.#path = path;
    this.#sentBytes = sentBytes;
  }

  /** The whole lines that were appended since the last call, in pieces, as events. */
  async read(): Promise<RolloutEvent[]> {
    const fresh = await readFrom(this.#path, this.#sentBytes);
    const whole = fresh.subarray(0, fresh.lastIndexOf(NEWLINE) + 1);
    const events: RolloutEvent[] = [];
    for (let start = 0; start < whole.length; ) {
      const end = cutBeforeSplitCharacter(whole, Math.min(start + PIECE_BYTES, whole.length));
      const text = whole.toString("utf8", start, end);
      events.push({
        type: "rollout",
        thread_id: this.threadId,
        offset: this.#sentBytes + start,
        bytes: end - start,
        text,
      });
      start = end;
    }
    this.#sentBytes += whole.length;
    return events;
  }

  /**
   * Like {@link read}, and waits (at most `timeoutMs`) until the line that ends `turnId` is in the file: Codex may
   * report a turn as completed before its last line is written.
   */
  async readToEndOf(turnId: string, timeoutMs: number): Promise<RolloutEvent[]> {
    const deadline = Date.now() + timeoutMs;
    const events: RolloutEvent[] = [];
    for (;;) {
      const fresh = await this.read();
      events.push(...fresh);
      if (endsTurn(fresh.map(({ text }) => text).join(""), turnId) || Date.now() >= deadline) return events;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Path of the thread's rollout file, or undefined where this disk has none. A later file of the thread wins. */
export async function findRollout(codexHome: string, threadId: string): Promise<string | undefined> {
  const sessions = join(codexHome, "sessions");
  const names = await readdir(sessions, { recursive: true }).catch(() => []);
  const matching = names.filter((name) => name.endsWith(".jsonl") && name.includes(threadId)).sort();
  const last = matching.at(-1);
  return last === undefined ? undefined : join(sessions, last);
}

export async function rolloutBytes(codexHome: string, threadId: string): Promise<number> {
  const path = await findRollout(codexHome, threadId);
  return path === undefined ? 0 : (await stat(path)).size;
}

/** Writes a rollout back; the thread can be resumed afterwards. Whole or not at all: it is renamed into place. */
export async function restoreRollout(codexHome: string, threadId: string, content: Readable): Promise<void> {
  const existing = await findRollout(codexHome, threadId);
  const directory = join(codexHome, "sessions", "restored");
  await mkdir(directory, { recursive: true });
  const path = join(directory, `rollout-2025-01-01T00-00-00-${threadId}.jsonl`);
  const partial = `${path}.partial`;
  await pipeline(content, createWriteStream(partial, { mode: 0o600 }));
  await rename(partial, path);
  if (existing !== undefined && existing !== path) await rm(existing);
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** UTF-8 continuation bytes are 10xxxxxx: step back until the cut falls between two characters. */
function cutBeforeSplitCharacter(bytes: Buffer, end: number): number {
  let cut = end;
  while (cut < bytes.length && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut--;
  return cut;
}

function endsTurn(text: string, turnId: string): boolean {
  return text
    .split("\n")
    .some((line) => line.includes(turnId) && (line.includes('"task_complete"') || line.includes('"turn_aborted"')));
}
