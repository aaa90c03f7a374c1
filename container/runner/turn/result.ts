// How a turn ended, as its `settled` event tells it.
import type { Logger } from "../../lib/log.ts";
import type { RunnerError, TurnEventBody } from "../../protocol.ts";
import type { CodexOutcome } from "../codex/codex-turn.ts";
import { RpcClosedError, RpcError } from "../codex/rpc.ts";
import type { StopReason } from "./stop-signal.ts";

type Settled = Extract<TurnEventBody, { type: "settled" }>;
export type Result = Pick<Settled, "status" | "answer" | "error">;

export function completed(answer: string): Result {
  return { status: "completed", answer, error: null };
}

export function failed(error: RunnerError): Result {
  return { status: "failed", answer: null, error };
}

/** A turn that was told to stop ends for that reason, also where it failed or was lost in the same moment. */
export function endedEarly(outcome: CodexOutcome, reason: StopReason | undefined): Result {
  if (reason === "cancelled") return { status: "cancelled", answer: null, error: { code: "cancelled" } };
  if (reason === "deadline") return failed({ code: "deadline_exceeded" });
  if (outcome.status === "failed") return failed(outcome.error ?? { code: "codex_failed" });
  return interrupted(outcome.error ?? { code: "codex_died" });
}

/** For what was thrown where nothing should be. */
export function unexpected(error: unknown, log: Logger): Result {
  if (error instanceof RpcClosedError) return interrupted({ code: "codex_died" });
  log.error("turn failed unexpectedly", { error: String(error) });
  if (error instanceof RpcError) return failed({ code: "codex_failed", detail: error.message.slice(0, 2_000) });
  return failed({ code: "internal" });
}

function interrupted(error: RunnerError): Result {
  return { status: "interrupted", answer: null, error };
}
