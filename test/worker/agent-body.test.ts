// The agent's container: how often the runner that is up is asked whether it answers.
import { beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import { AgentBody } from "../../src/agent/body.ts";
import type { Incarnation, Incarnations } from "../../src/agent/store/incarnations.ts";

let current: Incarnation | undefined;
let asked: number;
let isDraining: boolean;
let started: number;
let body: AgentBody;

beforeEach(() => {
  current = { id: "inc_1", runner_token: "token" };
  [asked, started, isDraining] = [0, 0, false];
  // What of the table a body uses.
  const incarnations = {
    current: () => current,
    prepare: async () => ({ id: "inc_new", runner_token: "new", model_secret: "s", model_token_hash: "h" }),
    begin: (begun: Incarnation) => {
      current = begun;
    },
  } as unknown as Incarnations;
  body = new AgentBody({
    container: {
      isRunning: true,
      start: async () => {
        started++;
      },
      destroy: async () => {},
      fetch: async () => {
        asked++;
        return Response.json(health(current?.id ?? "", isDraining));
      },
    },
    incarnations,
    acquireLease: async () => {},
    objectId: "0".repeat(64),
    logLevel: "ERROR",
    log: createLogger(() => {}, "ERROR"),
  });
});

it("asks before each turn", async () => {
  await body.ensureRunning();
  await body.ensureRunning();
  expect([asked, started]).toEqual([2, 0]);
});

describe("a look ahead", () => {
  it("spares the turn that follows it the wait, and that turn only", async () => {
    body.lookAhead();
    expect(asked).toBe(1);
    await body.ensureRunning();
    expect(asked).toBe(1);
    await body.ensureRunning();
    expect(asked).toBe(2);
  });

  it("that found a runner about to end leads to another one", async () => {
    isDraining = true;
    body.lookAhead();
    expect(await body.ensureRunning()).toMatchObject({ incarnation: "inc_new" });
    expect(started).toBe(1);
  });

  it("says nothing of a start that came after it", async () => {
    body.lookAhead();
    current = { id: "inc_2", runner_token: "token" };
    await body.ensureRunning();
    expect(asked).toBe(2);
  });

  it("is not believed for long", async () => {
    body.lookAhead();
    await new Promise((resolve) => setTimeout(resolve, 150));
    isDraining = true;
    expect(await body.ensureRunning()).toMatchObject({ incarnation: "inc_new" });
  });

  it("looks at nothing where no container is up", () => {
    current = undefined;
    body.lookAhead();
    expect(asked).toBe(0);
  });
});

function health(incarnation: string, draining: boolean): object {
  const codex = { codex_version: "1", app_server: "ready", app_server_restarts: 0, active_turn: null };
  return { status: "ok", protocol: 1, incarnation, ...codex, draining, uptime_ms: 1 };
}
