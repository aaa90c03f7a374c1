// Turns and their events: what may be written when.
import { expect, it } from "vitest";
import type { TurnEventBody } from "../../container/protocol.ts";
import type { AgentStore } from "../../src/agent/store/store.ts";
import type { TurnResult } from "../../src/agent/store/turns.ts";
import type { TurnRequest } from "../../src/agent/types.ts";
import { inStore, newAgent, turn } from "./support/agents.ts";

const DONE: TurnResult = { status: "completed", answer: "Done.", error: null, usage: null, evidence: null };
const CANCELLED: TurnResult = { ...DONE, status: "cancelled", answer: null };

it("settles a turn once, whatever comes later", async () => {
  await inStore(newAgent(), (store) => {
    const id = accept(store);
    expect(store.turns.settle(id, DONE)).toBe(true);
    const settled = store.turns.find(id);
    expect(store.turns.settle(id, CANCELLED)).toBe(false);
    expect(store.turns.find(id)).toEqual(settled);
    expect(store.turns.result(id)).toEqual(DONE);
  });
});

it("takes in the next event of a turn and no other one", async () => {
  await inStore(newAgent(), (store) => {
    const id = accept(store);
    const taken = [1, 1, 3, 2, 0, -1, 4, 3].map((seq) => store.turns.advance(id, seq));
    expect(taken).toEqual([true, false, false, true, false, false, false, true]);
    expect(store.turns.find(id)?.last_seq).toBe(3);
  });
});

it("takes in no event of a turn that has settled", async () => {
  await inStore(newAgent(), (store) => {
    const id = accept(store);
    store.turns.advance(id, 1);
    store.turns.settle(id, CANCELLED);
    expect(store.turns.advance(id, 2)).toBe(false);
    expect(store.turns.find(id)?.last_seq).toBe(1);
  });
});

it("gives a turn that has settled to no container", async () => {
  await inStore(newAgent(), (store) => {
    const id = accept(store);
    store.turns.settle(id, CANCELLED);
    store.turns.dispatch(id, "inc_1");
    expect(store.turns.find(id)).toMatchObject({ status: "cancelled", incarnation: null, started_at: null });
  });
});

it("goes through open turns in the order in which they were accepted", async () => {
  await inStore(newAgent(), (store) => {
    const ids = [accept(store), accept(store), accept(store)];
    const [first = "", second = "", third = ""] = ids;
    expect(store.turns.firstOpen()?.id).toBe(first);
    store.turns.dispatch(first, "inc_1");
    store.turns.settle(second, CANCELLED);
    expect(store.turns.firstOpen()?.id).toBe(first);
    expect(store.turns.openBefore(store.turns.find(third)?.position ?? 0)).toBe(1);
    store.turns.settle(first, DONE);
    expect(store.turns.firstOpen()?.id).toBe(third);
  });
});

it("refuses a second turn with the same key", async () => {
  await inStore(newAgent(), (store) => {
    const id = accept(store, { request_id: "key" });
    expect(() => accept(store, { request_id: "key" })).toThrow("UNIQUE");
    expect(store.turns.findByRequestId("key")?.id).toBe(id);
  });
});

it("takes any number of turns without a key", async () => {
  await inStore(newAgent(), (store) => {
    expect(accept(store)).not.toBe(accept(store));
  });
});

it("gives back a request as it was accepted, of any size", async () => {
  await inStore(newAgent(), (store) => {
    const request = turn([], { prompt: "😀".repeat(600_000), output_schema: { type: "object" }, effort: "high" });
    const { id } = store.turns.accept(request, store.conversations.current().id);
    expect(store.turns.request(id)).toEqual(request);
  });
});

it("gives back the events above a number, in order", async () => {
  await inStore(newAgent(), (store) => {
    const id = accept(store);
    const bodies = ["one", "two", "three"].map((message): TurnEventBody => ({ type: "progress", message }));
    for (const [index, body] of bodies.entries()) store.turns.addEvent(id, { seq: index + 1, at: 5, body });
    expect([...store.turns.events(id, 1)]).toEqual([
      { seq: 2, at: 5, body: bodies[1] },
      { seq: 3, at: 5, body: bodies[2] },
    ]);
  });
});

it("gives back an event that is larger than a row", async () => {
  await inStore(newAgent(), (store) => {
    const id = accept(store);
    const body: TurnEventBody = { type: "message", text: "漢".repeat(800_000) };
    store.turns.addEvent(id, { seq: 1, at: 5, body });
    store.turns.addEvent(id, { seq: 2, at: 5, body: { type: "progress", message: "next" } });
    expect([...store.turns.events(id)]).toHaveLength(2);
    expect([...store.turns.events(id)][0]).toEqual({ seq: 1, at: 5, body });
  });
});

function accept({ turns, conversations }: AgentStore, overrides: Partial<TurnRequest> = {}): string {
  return turns.accept(turn([], overrides), conversations.current().id).id;
}
