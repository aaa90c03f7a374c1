// What is refused before anything of an agent's disk is touched.
import { expect, it } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import type { AgentBody } from "../../src/agent/body.ts";
import type { AgentFiles } from "../../src/agent/checkpoints/files.ts";
import type { AgentStore } from "../../src/agent/store/store.ts";
import { TurnQueue } from "../../src/agent/turn-queue.ts";
import { DiskAccess } from "../../src/agent/workspace/disk-access.ts";
import { DiskGate } from "../../src/agent/workspace/disk-gate.ts";
import { AppError } from "../../src/errors.ts";
import { inStore } from "./support/agents.ts";
import { agentNamed, newUser } from "./support/fleet.ts";

const log = createLogger(() => {}, "ERROR", {});

it("nothing is started for want of a lease, and nothing is written down", async () => {
  const agent = agentNamed(newUser(), "default");
  const known = await inStore(agent, async (store) => {
    const disk = diskWithoutLease(store);
    const change = disk.changeFiles({ user_id: "u", agent_id: "a" }, WRITE, () => Promise.reject(new Error("started")));
    await expect(change).rejects.toMatchObject({ code: "busy" });
    return store.conversations.identity() ?? null;
  });
  expect(known).toBeNull();
});

it("without persistence nothing can be brought in, and there is nothing to look at", async () => {
  const agent = agentNamed(newUser(), "default");
  await inStore(agent, async (store) => {
    const disk = diskWithoutLease(store, false);
    const [look, change] = [
      () => disk.look(never),
      () => disk.changeFiles({ user_id: "u", agent_id: "a" }, WRITE, never),
    ];
    expect(change).toThrow("PERSISTENT_MODE");
    store.conversations.introduce({ user_id: "u", agent_id: "a" });
    await expect(look()).rejects.toMatchObject({ code: "conflict" });
  });
});

const WRITE = { reason: "write", replaces: false, isImport: false } as const;

const never = (): Promise<never> => Promise.reject(new Error("started"));

/** Of an agent whose container is down, and may not be started. */
function diskWithoutLease(store: AgentStore, isPersistent = true): DiskAccess {
  return new DiskAccess({
    store,
    body: { current: () => undefined, ensureRunning: never } as unknown as AgentBody,
    files: { isPersistent } as AgentFiles,
    queue: new TurnQueue({ store, run: never, onSettled: () => {}, afterTurn: never, log }),
    gate: new DiskGate(),
    log,
    assertStays: () => {},
    acquireLease: () => Promise.reject(new AppError("busy", "No room.")),
    used: () => {},
  });
}
