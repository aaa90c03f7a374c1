// Says something to a Codex that is at work on a turn.
import { AppError } from "../errors.ts";
import type { AgentBody } from "./body.ts";
import type { TurnRow } from "./store/turns.ts";

/** Throws `conflict` where the turn is not at work. */
export async function steerTurn({ id, incarnation }: TurnRow, message: string, body: AgentBody): Promise<void> {
  const runner = incarnation !== null && body.isCurrent(incarnation) ? body.current() : undefined;
  if ((await runner?.client.steer(id, message)) === true) return;
  throw new AppError("conflict", "This turn is not at work, so nothing can be said to it. Start another turn.");
}
