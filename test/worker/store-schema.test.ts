// The agent's database: how it comes about.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { MIGRATIONS } from "../../src/agent/store/migrations.ts";
import { AgentStore } from "../../src/agent/store/store.ts";
import { migrate } from "../../src/lib/migrate.ts";
import { inStore, newAgent, turn } from "./support/agents.ts";

it("makes an empty database usable", async () => {
  await runInDurableObject(newAgent(), async (_, { storage }) => {
    await storage.deleteAll();
    expect(() => storage.sql.exec("SELECT * FROM turns")).toThrow("no such table");
    const { turns, conversations } = new AgentStore(storage);
    conversations.introduce({ user_id: "u", agent_id: "a" });
    const { id } = turns.accept(turn(), conversations.current().id);
    expect(turns.find(id)).toMatchObject({ status: "queued", last_seq: 0 });
  });
});

it("changes nothing in a database that is up to date", async () => {
  await runInDurableObject(newAgent(), (_, { storage }) => {
    const { turns, conversations } = new AgentStore(storage);
    conversations.introduce({ user_id: "u", agent_id: "a" });
    const row = turns.accept(turn(), conversations.current().id);
    const schema = () => storage.sql.exec("SELECT * FROM sqlite_master").toArray();
    const before = schema();
    migrate(storage, MIGRATIONS);
    migrate(storage, MIGRATIONS);
    expect(schema()).toEqual(before);
    expect(new AgentStore(storage).turns.find(row.id)).toEqual(row);
    expect(storage.sql.exec("SELECT version FROM schema_version").toArray()).toEqual([{ version: MIGRATIONS.length }]);
  });
});

it("takes back everything that a transaction did when it throws", async () => {
  await runInDurableObject(newAgent(), (_, { storage }) => {
    const store = new AgentStore(storage);
    const attempt = () =>
      store.transaction(() => {
        store.conversations.introduce({ user_id: "u", agent_id: "a" });
        throw new Error("stop");
      });
    expect(attempt).toThrow("stop");
    expect(store.conversations.identity()).toBeUndefined();
  });
});

it("remembers the first name that an agent was called by", async () => {
  await inStore(newAgent(), ({ conversations }) => {
    conversations.introduce({ user_id: "u", agent_id: "a" });
    conversations.introduce({ user_id: "other", agent_id: "b" });
    expect(conversations.identity()).toEqual({ user_id: "u", agent_id: "a" });
  });
});
