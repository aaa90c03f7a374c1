// What drives a turn, over a runner whose stream does what the test wants.
import { expect, it } from "vitest";
import { createLogger } from "../../container/lib/log.ts";
import type { TurnEvent, TurnEventBody } from "../../container/protocol.ts";
import type { AgentBody, Runner } from "../../src/agent/body.ts";
import { TurnRunner } from "../../src/agent/turn-runner.ts";
import { inStore, newAgent, turn } from "./support/agents.ts";

const USAGE = { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1, reasoning_tokens: 0 };
const SETTLED: TurnEventBody = {
  type: "settled",
  status: "completed",
  answer: "Done.",
  error: null,
  usage: USAGE,
  duration_ms: 1,
};

it("is done with a turn that has settled, and lets go of the stream, where that has no end", async () => {
  await inStore(newAgent(), async (store) => {
    store.conversations.introduce({ user_id: "ada", agent_id: "a1" });
    const { id } = store.turns.accept(turn(), store.conversations.current().id);
    let isClosed = false;
    async function* endless(): AsyncGenerator<TurnEvent, void, undefined> {
      try {
        yield { seq: 1, at: 1, body: SETTLED };
        await new Promise(() => {});
      } finally {
        isClosed = true;
      }
    }
    // As much of a runner as a turn without approvals needs.
    const runner = { incarnation: "inc_test", client: { startTurn: async () => endless() } } as unknown as Runner;
    const body = { current: () => runner, ensureRunning: async () => runner, isCurrent: () => true };
    await new TurnRunner({
      store,
      body: body as unknown as AgentBody,
      log: createLogger(() => {}, "ERROR"),
      files: { prepare: async () => [], keep: async () => {} },
      assertTokensLeft: async () => {},
      onEvent: () => {},
    }).run(id);
    expect(store.turns.result(id)).toMatchObject({ status: "completed", answer: "Done." });
    expect(isClosed).toBe(true);
  });
});
