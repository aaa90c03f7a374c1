// Ends a turn before its time: one that waits is settled here, one at work is told to stop and given a moment to do so.
import type { Logger } from "../../container/lib/log.ts";
import type { AgentBody } from "./body.ts";
import { describeFailure } from "./failure-messages.ts";
import type { AgentStore } from "./store/store.ts";

/** Above the time after which the runner kills a Codex that does not obey. */
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 25;

/** Resolves when the turn has settled. */
export async function cancelTurn(turnId: string, store: AgentStore, body: AgentBody, log: Logger): Promise<void> {
  const { turns } = store;
  const row = turns.find(turnId);
  if (row === undefined) return;
  if (row.incarnation !== null && body.isCurrent(row.incarnation)) {
    await body
      .current()
      ?.client.cancelTurn(turnId)
      .catch((error: unknown) => log.warn("cancel failed", { error }));
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (turns.find(turnId)?.settled_at === null && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    if (turns.find(turnId)?.settled_at === null) await body.destroy();
  }
  const error = describeFailure({ code: "cancelled" });
  turns.settle(turnId, { status: "cancelled", answer: null, error, usage: null, evidence: null });
}
