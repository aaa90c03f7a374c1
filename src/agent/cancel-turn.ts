// Ends a turn before its time: one that waits is settled here, one at work is told to stop and given a moment to do so.
import type { Logger } from "../../container/lib/log.ts";
import type { AgentBody } from "./body.ts";
import { describeFailure } from "./failure-messages.ts";
import type { AgentStore } from "./store/store.ts";

export interface CancelParts {
  store: AgentStore;
  body: AgentBody;
  files: { readonly isSaving: boolean };
  log: Logger;
}

/** Above the time after which the runner kills a Codex that does not obey. */
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 25;

/** Resolves when the turn has settled. */
export async function cancelTurn(turnId: string, parts: CancelParts): Promise<void> {
  const { store, body } = parts;
  const { turns } = store;
  const row = turns.find(turnId);
  if (row === undefined) return;
  if (row.incarnation !== null && body.isCurrent(row.incarnation)) await askToStop(turnId, parts);
  const error = describeFailure({ code: "cancelled" });
  const isForced = store.settle(turnId, { status: "cancelled", answer: null, error, usage: null });
  // Settled first: the loss of the container must not make it `interrupted`.
  if (isForced && row.incarnation !== null) await body.destroy();
}

/** Asks until the runner has heard it: a turn that was just given away may not have reached the runner yet. */
async function askToStop(turnId: string, { store: { turns }, body, files, log }: CancelParts): Promise<void> {
  let isHeard = false;
  for (let deadline = Date.now() + STOP_TIMEOUT_MS; Date.now() < deadline; ) {
    // It has stopped; what it changed is being saved.
    if (files.isSaving) deadline = Date.now() + STOP_TIMEOUT_MS;
    if (turns.find(turnId)?.settled_at !== null) return;
    if (!isHeard) {
      isHeard = await (body.current()?.client.cancelTurn(turnId) ?? Promise.resolve()).then(
        () => true,
        (error: unknown) => {
          log.debug("the runner has not heard the cancel", { turn_id: turnId, error });
          return false;
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
