// Waits for a turn as long as its caller wants to, passing progress on. Ends with the turn as it then stands.
import { isSettled, type TurnView, type WatchLine } from "../agent/types.ts";
import { AppError, unwrap } from "../errors.ts";
import { readNdjson } from "../lib/ndjson.ts";
import { agentOf, type CallContext } from "./call-context.ts";

/** A lost stream (a deploy, an evicted object) is taken up again after this, by another stub: one that has failed stays broken. */
const RETRY_MS = 200;

/** Throws `busy` where too many wait for turns of this agent. */
export async function waitForTurn(turn: TurnView, waitMs: number, context: CallContext): Promise<TurnView> {
  const { signal, onProgress, log } = context;
  const look = async (): Promise<TurnView> => unwrap(await agentOf(context, turn.agent_id).getTurn(turn.turn_id));
  if (isSettled(turn.status) || turn.status === "awaiting_approval" || waitMs === 0) return turn;
  const until = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  let seen = 0;
  while (!until.aborted) {
    try {
      for await (const line of follow(context, turn, seen, until)) {
        if (line.type === "view") return line.view;
        seen = line.seq;
        if (line.type === "progress") onProgress(line.message);
        // Nothing goes on before somebody decides, so there is nothing to wait for here.
        else return await look();
      }
    } catch (error) {
      if (until.aborted) break;
      if (error instanceof AppError && error.code === "busy") throw error;
      log.warn("lost sight of the turn", { turn_id: turn.turn_id, error });
    }
    if (!until.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  return await look();
}

async function* follow(
  context: CallContext,
  { agent_id, turn_id }: TurnView,
  after: number,
  until: AbortSignal,
): AsyncGenerator<WatchLine, void, undefined> {
  const stream = unwrap(await agentOf(context, agent_id).watchTurn(turn_id, after));
  // A pipe that begins aborted would leave its other end open for ever.
  if (until.aborted) return stream.cancel();
  const { readable, writable } = new IdentityTransformStream();
  // The pipe ends with the wait: that also ends the stream at the agent.
  const piping = stream.pipeTo(writable, { signal: until });
  piping.catch(() => {});
  for await (const line of readNdjson(readable)) yield line as WatchLine; // our own Durable Object's lines
}
