// Conversations and their rollouts, kept byte by byte; and the starts of the agent's container.
import { expect, it } from "vitest";
import type { AgentStore } from "../../src/agent/store/store.ts";
import { inStore, newAgent } from "./support/agents.ts";

it("puts the pieces of a rollout together in their order", async () => {
  await inStore(newAgent(), (store) => {
    append(store, "one\n", "zwölf\n", "three\n");
    expect([...store.conversations.rollout("thread")].join("")).toBe("one\nzwölf\nthree\n");
    expect(store.conversations.rolloutBytes("thread")).toBe(17);
  });
});

it("passes over a piece that it has already", async () => {
  await inStore(newAgent(), (store) => {
    append(store, "one\n", "two\n");
    expect(store.conversations.appendRollout("thread", 0, 4, "ONE\n")).toBe(true);
    expect(store.conversations.appendRollout("thread", 4, 4, "TWO\n")).toBe(true);
    expect([...store.conversations.rollout("thread")].join("")).toBe("one\ntwo\n");
  });
});

it("refuses a piece after a gap", async () => {
  await inStore(newAgent(), (store) => {
    append(store, "one\n");
    expect(store.conversations.appendRollout("thread", 8, 4, "three\n")).toBe(false);
    expect(store.conversations.rolloutBytes("thread")).toBe(4);
  });
});

it("keeps the rollouts of threads apart", async () => {
  await inStore(newAgent(), (store) => {
    append(store, "one\n");
    expect(store.conversations.rolloutBytes("other")).toBe(0);
    expect([...store.conversations.rollout("other")]).toEqual([]);
  });
});

it("has one current conversation, until another one is begun or chosen", async () => {
  await inStore(newAgent(), ({ conversations }) => {
    conversations.introduce({ user_id: "u", agent_id: "a" });
    const first = conversations.current();
    expect(conversations.current()).toEqual(first);
    const second = conversations.begin();
    expect(conversations.current()).toEqual(second);
    conversations.makeCurrent(first.id);
    expect(conversations.current()).toEqual(first);
  });
});

it("knows the start that is up, and ends it when another one begins", async () => {
  const agent = newAgent();
  const [first, second] = await inStore(agent, ({ incarnations }) =>
    Promise.all([incarnations.prepare(), incarnations.prepare()]),
  );
  await inStore(agent, ({ incarnations }) => {
    expect(incarnations.current()).toBeUndefined();
    incarnations.begin(first);
    expect(incarnations.current()).toEqual({ id: first.id, runner_token: first.runner_token });
    incarnations.begin(second);
    expect(incarnations.current()?.id).toBe(second.id);
    incarnations.endCurrent();
    expect(incarnations.current()).toBeUndefined();
  });
});

it("takes the model secret of the present start only, and does not store it", async () => {
  await inStore(newAgent(), async ({ incarnations }, sql) => {
    const [first, second] = [await incarnations.prepare(), await incarnations.prepare()];
    expect(await incarnations.isModelSecret(first.model_secret)).toBe(false);
    incarnations.begin(first);
    expect(await incarnations.isModelSecret(first.model_secret)).toBe(true);
    incarnations.begin(second);
    expect(await incarnations.isModelSecret(first.model_secret)).toBe(false);
    expect(await incarnations.isModelSecret(second.model_secret)).toBe(true);
    expect(JSON.stringify(sql.exec("SELECT * FROM incarnations").toArray())).not.toContain(second.model_secret);
    incarnations.endCurrent();
    expect(await incarnations.isModelSecret(second.model_secret)).toBe(false);
  });
});

function append({ conversations }: AgentStore, ...pieces: string[]): void {
  for (const text of pieces) {
    const bytes = new TextEncoder().encode(text).length;
    expect(conversations.appendRollout("thread", conversations.rolloutBytes("thread"), bytes, text)).toBe(true);
  }
}
