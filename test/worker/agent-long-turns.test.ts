// Turns with very many events: together they are more than an isolate holds, so nobody reads them all at once.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { TurnEventBody } from "../../container/protocol.ts";
import { AgentStore } from "../../src/agent/store/store.ts";
import { turnText } from "../../src/agent/turn-text.ts";
import type { WatchLine } from "../../src/agent/types.ts";
import { viewOf } from "../../src/agent/view.ts";
import { newAgent, settled, start, turn, watch } from "./support/agents.ts";

/** How many rows `read` has SQLite read, of a turn with `commands` commands. */
async function rowsRead(commands: number, read: (store: AgentStore, turnId: string) => void): Promise<number> {
  return runInDurableObject(newAgent(), (_, { storage }) => {
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const exec: SqlStorage["exec"] = (query, ...bindings) => {
      const cursor = storage.sql.exec(query, ...bindings);
      cursors.push(cursor);
      return cursor as never; // whatever the caller says that its rows are
    };
    const sql = new Proxy(storage.sql, { get: (_, name) => (name === "exec" ? exec : undefined) });
    const store = new AgentStore(
      new Proxy(storage, { get: (target, name) => (name === "sql" ? sql : bound(target, name)) }),
    );
    const { id } = store.turns.accept(turn(), store.conversations.current().id);
    for (let seq = 1; seq <= 2 * commands; seq += 2) {
      for (const event of [begun(seq), done(seq + 1)]) store.turns.addEvent(id, event);
    }
    cursors.length = 0;
    read(store, id);
    return cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0);
  });
}

it("a look at a turn that is at work costs the same however long the turn is", async () => {
  const look = (store: AgentStore, id: string): void => {
    const row = store.turns.find(id);
    if (row === undefined) throw new Error("no turn");
    expect(viewOf(store, row).progress).toHaveLength(10);
  };
  const [short, long] = [await rowsRead(100, look), await rowsRead(2_000, look)];
  expect(short).toBeGreaterThan(10);
  expect(long).toBe(short);
});

it("the text of a long turn has its beginning and its end, with as much left out as it says", async () => {
  await rowsRead(1_000, (store, id) => {
    const row = store.turns.find(id);
    if (row === undefined) throw new Error("no turn");
    const text = turnText(store, viewOf(store, row), "transcript");
    const [, left = ""] = /\[(\d+) characters are left out\]/.exec(text) ?? [];
    expect(text.length).toBeLessThan(1_000_100);
    expect(Number(left)).toBeGreaterThan(7_000_000);
    expect(text).toContain("## Prompt");
    expect(text).toContain("$ make 1\n");
    expect(text.trimEnd()).toMatch(/\[exit code 0\]$/);
  });
});

it("a watcher who comes late, and one who reads slowly, miss nothing of a long turn", async () => {
  const agent = newAgent();
  const { turn_id } = await start(agent, turn([{ reasoning: "y".repeat(300), count: 1_500 }, { say: "Done." }]));
  const slow = watch(agent, turn_id);
  const seen: WatchLine[] = [];
  const first = await slow.next();
  if (first.value) seen.push(first.value);
  await settled(agent, turn_id);
  for await (const line of slow) seen.push(line);
  const late: WatchLine[] = [];
  for await (const line of watch(agent, turn_id)) late.push(line);
  const numbers = late.flatMap((line) => (line.type === "progress" ? [Number.parseInt(line.message, 10)] : []));
  expect(numbers.filter((number) => !Number.isNaN(number))).toEqual(Array.from({ length: 1_500 }, (_, n) => n + 1));
  expect(seen).toEqual(late);
});

function begun(seq: number) {
  const body: TurnEventBody = { type: "command_started", item_id: `item_${seq}`, command: `make ${seq}` };
  return { seq, at: 1, body };
}

function done(seq: number) {
  const body: TurnEventBody = {
    type: "command_finished",
    item_id: `item_${seq}`,
    command: `make ${seq - 1}`,
    exit_code: 0,
    duration_ms: 1,
    output_tail: "z".repeat(8_000),
    files_read: [],
  };
  return { seq, at: 1, body };
}

/** The platform's methods want the platform's object. */
function bound(target: DurableObjectStorage, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === "function" ? value.bind(target) : value;
}
