// One host let through for one piece of work outside of turns, such as the import of a repository.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import { EgressGate } from "../../src/agent/egress-gate.ts";
import { AgentStore } from "../../src/agent/store/store.ts";
import { destinationOf } from "../../src/runtime/egress-destination.ts";
import { newAgent, turn } from "./support/agents.ts";

const log = createLogger(() => {}, "INFO", {});

interface Bench {
  gate: EgressGate;
  store: AgentStore;
  /** Whether a request to that host may leave. */
  reaches(host: string): boolean;
  clock: { now: number };
}

function withGate(use: (bench: Bench) => Promise<void>): Promise<void> {
  return runInDurableObject(newAgent(), (_, { storage }) => {
    const store = new AgentStore(storage);
    const clock = { now: 1_000 };
    const gate = new EgressGate({ store, rules: ["listed.example.com"], log, now: () => clock.now });
    const reaches = (host: string) => gate.judge(destinationOf(new Request(`https://${host}/`))).allowed;
    return use({ gate, store, reaches, clock });
  });
}

it("the host is reached while the work goes on, and no other one", () =>
  withGate(async ({ gate, reaches }) => {
    expect(reaches("git.example.com")).toBe(false);
    const result = await gate.withHost("GIT.example.com.", async () => {
      const hosts = ["git.example.com", "a.git.example.com", "listed.example.com", "git.example.org"];
      expect(hosts.map(reaches)).toEqual([true, false, false, false]);
      return "cloned";
    });
    expect([result, reaches("git.example.com")]).toEqual(["cloned", false]);
  }));

it("what was refused meanwhile is told to the work", () =>
  withGate(({ gate, reaches }) =>
    gate.withHost("git.example.com", async ({ deniedHosts }) => {
      for (const host of ["lfs.example.net", "git.example.com", "lfs.example.net", "169.254.169.254"]) reaches(host);
      expect(deniedHosts).toEqual(["lfs.example.net", "169.254.169.254"]);
    }),
  ));

it("it ends with the work also where that fails", () =>
  withGate(async ({ gate, reaches }) => {
    const failing = gate.withHost("git.example.com", () => Promise.reject(new Error("no such branch")));
    await expect(failing).rejects.toThrow("no such branch");
    expect(reaches("git.example.com")).toBe(false);
  }));

it("it ends by the clock where the work does not end", () =>
  withGate(({ gate, reaches, clock }) =>
    gate.withHost(
      "git.example.com",
      async () => {
        clock.now += 4_999;
        expect(reaches("git.example.com")).toBe(true);
        clock.now += 1;
        expect(reaches("git.example.com")).toBe(false);
      },
      5_000,
    ),
  ));

it("it dies with the object: another one of the same agent knows nothing of it", () =>
  withGate(async ({ gate, store }) => {
    await gate.withHost("git.example.com", async () => {
      const after = new EgressGate({ store, rules: [], log });
      expect(after.judge(destinationOf(new Request("https://git.example.com/")))).toMatchObject({ allowed: false });
    });
  }));

it("a turn at work gains nothing by it", () =>
  withGate(({ gate, store, reaches }) =>
    gate.withHost("git.example.com", async ({ deniedHosts }) => {
      for (const access of ["read", "write"] as const) {
        const request = turn([], { access });
        store.conversations.introduce(request);
        const { id } = store.turns.accept(request, store.conversations.current().id);
        store.turns.dispatch(id, "inc_1");
        expect(reaches("git.example.com")).toBe(false);
        expect(reaches("listed.example.com")).toBe(access === "write");
        expect(store.denials.list(id)).toContain("git.example.com");
        store.settle(id, { status: "completed", answer: "", error: null, usage: null });
      }
      expect([deniedHosts, reaches("git.example.com")]).toEqual([[], true]);
    }),
  ));

it.each(["127.0.0.1", "localhost", "model.internal", "git", "https://git.example.com", "*.example.com", ""])(
  "%j is nothing that can be let through",
  (host) =>
    withGate(async ({ gate }) => {
      await expect(gate.withHost(host, async () => {})).rejects.toMatchObject({ code: "invalid_input" });
    }),
);
