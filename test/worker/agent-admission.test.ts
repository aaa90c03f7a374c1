// Whether a turn is taken in where containers are scarce.
import { expect, it } from "vitest";
import { type Admission, admitTurn } from "../../src/agent/submit-turn.ts";
import { AppError } from "../../src/errors.ts";
import { inStore, newAgent, turn } from "./support/agents.ts";

const USED_UP: Admission = {
  lease: {
    assertShare: () => {
      throw new AppError("busy", "It is for others.");
    },
    acquire: async () => {
      throw new AppError("busy", "There is no room.");
    },
  },
  assertTokensLeft: async () => {},
  isUp: () => true,
};
const DOWN = { assertTokensLeft: USED_UP.assertTokensLeft, isUp: () => false };
const NO_ROOM: Admission = { ...DOWN, lease: { ...USED_UP.lease, assertShare: () => {} } };
const ROOM: Admission = { ...DOWN, lease: { assertShare: () => {}, acquire: async () => {} } };

it("takes in nothing more for an agent whose share is used up, and joins what it took in before", async () => {
  await inStore(newAgent(), async (store) => {
    const known = turn([], { request_id: "key-1" });
    const first = await admitTurn(store, known, ROOM);
    await expect(admitTurn(store, turn(), USED_UP)).rejects.toMatchObject({ code: "busy" });
    expect(await admitTurn(store, known, USED_UP)).toEqual(first);
    expect(store.turns.countQueued()).toBe(1);
  });
});

it("writes nothing down where the container finds no room, and asks for none while a turn is open", async () => {
  await inStore(newAgent(), async (store) => {
    await expect(admitTurn(store, turn(), NO_ROOM)).rejects.toMatchObject({ code: "busy" });
    expect(store.turns.countQueued()).toBe(0);
    await admitTurn(store, turn(), ROOM);
    await admitTurn(store, turn(), NO_ROOM);
    expect(store.turns.countQueued()).toBe(2);
  });
});
