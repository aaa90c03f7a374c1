// The index of a user's agents: what it takes in, in which order it gives it back, and what that costs.
import { expect, it } from "vitest";
import { AgentIndex } from "../../src/fleet/store.ts";
import { inIndex, newUser, report } from "./support/fleet.ts";

it("gives back what an agent reported last", async () => {
  await inIndex(newUser(), (index) => {
    index.put(report("a", { number: 1, turns: 1 }));
    index.put(report("a", { number: 2, turns: 2, status: "idle", container_id: "inc_1" }));
    const { number: _, ...state } = report("a", { turns: 2, status: "idle", container_id: "inc_1" });
    expect(index.find("a")).toEqual(state);
    expect(index.count(null)).toBe(1);
  });
});

it("passes over a report that is older than what it knows, and says which one it knows", async () => {
  await inIndex(newUser(), (index) => {
    expect(index.put(report("a", { number: 7, turns: 7 }))).toBe(7);
    for (const number of [6, 1, 7]) expect(index.put(report("a", { number, turns: number + 100 }))).toBe(7);
    expect(index.find("a")?.turns).toBe(7);
    expect(index.put(report("a", { number: 8, turns: 8 }))).toBe(8);
    expect(index.find("a")?.turns).toBe(8);
  });
});

it("ends up with the newest report whatever order they come in", async () => {
  await inIndex(newUser(), (index) => {
    for (const number of [3, 1, 5, 2, 4]) index.put(report("a", { number, turns: number, status: "running" }));
    expect(index.find("a")?.turns).toBe(5);
    expect([index.count("running"), index.count(null)]).toEqual([1, 1]);
  });
});

it("is not brought back by a report that was on its way when the agent was removed", async () => {
  await inIndex(newUser(), (index) => {
    index.put(report("a", { number: 5 }));
    index.remove("a", 9);
    expect(index.put(report("a", { number: 8 }))).toBe(9);
    expect([index.find("a"), index.count(null)]).toEqual([undefined, 0]);
    index.put(report("a", { number: 10 }));
    expect([index.find("a")?.agent_id, index.count(null)]).toEqual(["a", 1]);
  });
});

it("counts agents by their status as it changes", async () => {
  await inIndex(newUser(), (index) => {
    const counts = () => [null, "sleeping", "running"].map((status) => index.count(status as "running" | null));
    for (const id of ["a", "b", "c"]) index.put(report(id));
    expect(counts()).toEqual([3, 3, 0]);
    index.put(report("a", { number: 2, status: "running", container_id: "inc_1" }));
    expect(counts()).toEqual([3, 2, 1]);
    expect(index.countUp()).toBe(1);
    index.remove("a", 3);
    expect(counts()).toEqual([2, 2, 0]);
    expect(index.countUp()).toBe(0);
  });
});

it("lists the most recently active first, and by name those that are equally so", async () => {
  await inIndex(newUser(), (index) => {
    for (const [id, at] of [
      ["b", 5],
      ["a", 5],
      ["old", 1],
      ["new", 9],
    ] as const) {
      index.put(report(id, { last_active_at: at }));
    }
    const { rows, next } = index.list(null, { limit: 10, after: null });
    expect(rows.map(({ agent_id }) => agent_id)).toEqual(["new", "a", "b", "old"]);
    expect(next).toBeNull();
  });
});

it("lists only agents of a status, and only those whose container is up", async () => {
  await inIndex(newUser(), (index) => {
    index.put(report("asleep"));
    index.put(report("idle", { status: "idle", container_id: "inc_1" }));
    index.put(report("at-work", { status: "running", container_id: "inc_2", last_active_at: 2_000 }));
    const first = { limit: 10, after: null };
    expect(index.list("idle", first).rows.map(({ agent_id }) => agent_id)).toEqual(["idle"]);
    expect(index.listUp(first).rows.map(({ agent_id }) => agent_id)).toEqual(["at-work", "idle"]);
  });
});

it("neither repeats nor loses a row in a walk while agents are added", async () => {
  await inIndex(newUser(), (index) => {
    // Several share their time, so that pages end in the middle of them.
    const ids = Array.from({ length: 95 }, (_, each) => `agent-${each}`);
    for (const [each, id] of ids.entries()) index.put(report(id, { last_active_at: 1_000 + Math.floor(each / 7) }));
    const seen: string[] = [];
    let after = null;
    for (let page = 0; ; page++) {
      const { rows, next } = index.list(null, { limit: 10, after });
      seen.push(...rows.map(({ agent_id }) => agent_id));
      // One above everything, one below, and one beside the cursor on the side that has been read.
      index.put(report(`new-${page}`, { last_active_at: 5_000 + page }));
      if (next === null) break;
      index.put(report(`AA-${page}`, { last_active_at: next.last_active_at }));
      after = next;
    }
    expect(seen).toHaveLength(new Set(seen).size);
    expect(seen.filter((id) => id.startsWith("agent-")).sort()).toEqual([...ids].sort());
  });
});

it("reads a page out of 10 000 agents through an index, in rows and time that do not grow with them", async () => {
  await inIndex(newUser(), (index, sql) => {
    for (let each = 0; each < 10_000; each++) {
      const up = each % 500 === 0;
      index.put(
        report(`agent-${each}`, { last_active_at: each, ...(up ? { status: "idle", container_id: "i" } : {}) }),
      );
    }
    const queries: { query: string; bindings: unknown[]; rowsRead: number }[] = [];
    const spied = new AgentIndex(spyOn(sql, queries));
    const middle = { last_active_at: 5_000, agent_id: "agent-5000" };
    const startedAt = performance.now();
    for (const after of [null, middle]) {
      spied.list(null, { limit: 50, after });
      spied.list("sleeping", { limit: 50, after });
      spied.listUp({ limit: 10, after });
    }
    spied.listInactive(9_000, false, 50);
    spied.listInactive(9_000, true, 10);
    spied.count(null);
    spied.countUp();
    // Ten queries; workerd's clock may stand still within them, so the rows read are what counts.
    expect(performance.now() - startedAt).toBeLessThan(500);
    for (const { query, bindings, rowsRead } of queries) {
      const plan = sql.exec(`EXPLAIN QUERY PLAN ${query}`, ...(bindings as string[])).toArray();
      const details = plan.map(({ detail }) => String(detail)).join("; ");
      expect(rowsRead, query).toBeLessThan(200);
      if (query.includes("FROM agents")) expect(details, query).toMatch(/USING (?:COVERING )?INDEX/);
      expect(details, query).not.toContain("TEMP B-TREE");
    }
    expect(queries).toHaveLength(10);
  });
});

it("says that what it writes can be read", async () => {
  await inIndex(newUser(), (index) => {
    expect([index.probe(1), index.probe(2)]).toEqual([true, true]);
  });
});

/** The same database, with a record of each query. */
function spyOn(sql: SqlStorage, into: { query: string; bindings: unknown[]; rowsRead: number }[]): SqlStorage {
  const exec = (query: string, ...bindings: SqlStorageValue[]) => {
    const rows = sql.exec(query, ...bindings);
    const all = rows.toArray();
    into.push({ query, bindings, rowsRead: rows.rowsRead });
    return { toArray: () => all, one: () => all[0] };
  };
  return { exec } as unknown as SqlStorage; // as much of it as the index uses
}
