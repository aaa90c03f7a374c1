// What a test sends to the runner to have a turn, and what it reads from its events.
import { randomUUID } from "node:crypto";
import {
  PROTOCOL_VERSION,
  StreamLine,
  type TurnEvent,
  type TurnEventBody,
  type TurnSpec,
} from "../../container/protocol.ts";
import { readNdjson } from "../../src/lib/ndjson.ts";

/** What became of one turn. */
export interface TurnRecord {
  turnId: string;
  events: TurnEvent[];
  settled: Extract<TurnEventBody, { type: "settled" }>;
}

type BodyOf<Type extends TurnEventBody["type"]> = Extract<TurnEventBody, { type: Type }>;

/** A turn with nothing special about it, besides what `spec` says. */
export function turnSpec(spec: Partial<TurnSpec> = {}): TurnSpec {
  return {
    protocol: PROTOCOL_VERSION,
    turn_id: `turn_${randomUUID()}`,
    thread_id: null,
    rollout_bytes: 0,
    prompt: "Say hello",
    output_schema: null,
    access: "read",
    approval_mode: "auto",
    approval_timeout_ms: 10_000,
    model: "gpt-5.5",
    effort: null,
    timeout_ms: 20_000,
    ...spec,
  };
}

/** What a spec needs so that its turn goes on where `turns`, all the turns of a conversation so far, have ended. */
export function continuing(...turns: TurnRecord[]): Pick<TurnSpec, "thread_id" | "rollout_bytes"> {
  return {
    thread_id: bodiesOf(turns[0], "started")[0]?.thread_id ?? null,
    rollout_bytes: Buffer.byteLength(rolloutOf(...turns)),
  };
}

export function rolloutOf(...turns: TurnRecord[]): string {
  return turns.flatMap((turn) => bodiesOf(turn, "rollout").map(({ text }) => text)).join("");
}

export function bodiesOf<Type extends TurnEventBody["type"]>(turn: TurnRecord | undefined, type: Type): BodyOf<Type>[] {
  return (turn?.events ?? []).map(({ body }) => body).filter((body): body is BodyOf<Type> => body.type === type);
}

/** Throws unless the answer is 200. */
export async function* readEvents(response: Response): AsyncGenerator<TurnEvent, void, undefined> {
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  for await (const line of readNdjson(response.body)) {
    const parsed = StreamLine.parse(line);
    if ("seq" in parsed) yield parsed;
  }
}

export function recordOf(turnId: string, events: TurnEvent[]): TurnRecord {
  const settled = events.at(-1)?.body;
  if (settled?.type !== "settled") throw new Error(`${turnId} has not settled: ${JSON.stringify(events.at(-1))}`);
  return { turnId, events, settled };
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of source) all.push(value);
  return all;
}
