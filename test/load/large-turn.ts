// One turn with very many events and very much output: what it costs to run, to keep and to read.
import type { DevServer } from "../support/dev-server.ts";
import { script } from "../support/fake-model/script.ts";
import { type MemoryUse, withMemory } from "../support/memory.ts";
import { type Call, restOf, settledTurn } from "./rest.ts";
import { bytesOf, databasesOf, rowsOf } from "./state.ts";

export interface LargeTurnLoad {
  agent_id: string;
  /** Commands, each of which prints a megabyte. */
  megabytes: number;
  /** Lines of progress, an event each. */
  lines: number;
}

export interface LargeTurnReport {
  durationMs: number;
  status: string | undefined;
  /** As its log tells them: one line for each that has one. The middle of a long log is left out. */
  logLines: number;
  /** As they are stored: the last one is the turn's own. */
  events: number;
  databaseMb: number;
  /** Of one look each, after the turn, in ms. */
  getTurnMs: number;
  readPageMs: number;
  /** Of the transcript. */
  pages: number;
  next: string | undefined;
  memory: MemoryUse;
}

const PRINT_A_MEGABYTE = { run: "head -c 1000000 /dev/zero | tr '\\0' x" };
const CALLS_PER_STEP = 10;

export async function loadLargeTurn(server: DevServer, load: LargeTurnLoad): Promise<LargeTurnReport> {
  const call = restOf(server);
  const { agent_id } = load;
  const batches = Array.from({ length: Math.ceil(load.megabytes / CALLS_PER_STEP) }, (_, n) => ({
    calls: Array.from(
      { length: Math.min(CALLS_PER_STEP, load.megabytes - n * CALLS_PER_STEP) },
      () => PRINT_A_MEGABYTE,
    ),
  }));
  const steps = [...batches, { reasoning: "z".repeat(100), count: load.lines }, { answer: {} }];
  const before = { bytes: databasesBytes(server), events: storedEvents(server) };
  const startedAt = performance.now();
  const { value, memory } = await withMemory(server, async () => {
    const message = `Work long. ${script(...steps)}`;
    const { turn_id } = await call("chat", { agent_id, message, wait_seconds: 0 });
    const look = { agent_id, turn_id: turn_id ?? "" };
    const { status } = await settledTurn(call, look);
    const durationMs = performance.now() - startedAt;
    const got = await timedCall(call, "get_turn", look);
    const log = await readAll(call, { ...look, part: "log" });
    const transcript = await readAll(call, { ...look, part: "transcript" });
    return { durationMs, status, getTurnMs: got, log, transcript };
  });
  const next = await call("chat", { agent_id, conversation_id: "new", message: script({ answer: {} }) });
  const { log, transcript, ...measured } = value;
  return {
    ...measured,
    logLines: log.text.split("\n").length,
    databaseMb: (databasesBytes(server) - before.bytes) / 1e6,
    events: storedEvents(server) - before.events,
    readPageMs: transcript.slowestMs,
    pages: transcript.pages,
    next: next.status,
    memory,
  };
}

async function readAll(call: Call, parameters: object): Promise<{ text: string; pages: number; slowestMs: number }> {
  let text = "";
  let pages = 0;
  let slowestMs = 0;
  for (let offset: unknown = 0; offset !== undefined; pages++) {
    const startedAt = performance.now();
    const page: Record<string, unknown> = await call("read_turn", { ...parameters, offset });
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    if (typeof page.text !== "string") throw new Error(`no page: ${JSON.stringify(page)}`);
    text += page.text;
    offset = page.next_offset;
  }
  return { text, pages, slowestMs };
}

async function timedCall(call: Call, tool: string, parameters: object): Promise<number> {
  const startedAt = performance.now();
  await call(tool, parameters);
  return performance.now() - startedAt;
}

function storedEvents({ scratch }: DevServer): number {
  return rowsOf(databasesOf(scratch.stateDir, "CodexAgent"), "events");
}

function databasesBytes({ scratch }: DevServer): number {
  return databasesOf(scratch.stateDir, "CodexAgent").reduce((sum, file) => sum + bytesOf(file), 0);
}
