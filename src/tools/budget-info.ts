// What of the budgets of tokens is used, as tools tell it.
import type { TokensUsed } from "../fleet/token-budget.ts";
import { withTimeout } from "../lib/idle-timeout.ts";
import { type CallContext, directoryOf } from "./call-context.ts";

interface Used {
  used: number;
  /** Null: no limit. */
  limit: number | null;
  remaining: number | null;
}

/** Requests at work count by their estimated size. */
export interface BudgetInfo {
  /** Of all agents of the caller, since midnight UTC. */
  day: Used & { resets_at: string };
  /** Of the turn at work. */
  turn: (Used & { turn_id: string }) | null;
}

const TIMEOUT_MS = 3_000;

/** Rejects where the directory does not answer in time. */
export async function readBudget(context: CallContext, turnId: string | null): Promise<BudgetInfo> {
  const used = await withTimeout(askDirectory(context, turnId), TIMEOUT_MS);
  const { MAX_TOKENS_PER_TURN, MAX_TOKENS_PER_DAY } = context.config;
  return {
    day: { ...against(used.day, MAX_TOKENS_PER_DAY), resets_at: new Date(used.day_resets_at).toISOString() },
    turn: turnId === null ? null : { turn_id: turnId, ...against(used.turn ?? 0, MAX_TOKENS_PER_TURN) },
  };
}

/** One line; undefined where there is no limit to tell of. */
export function budgetLine({ day, turn }: BudgetInfo): string | undefined {
  const parts = [
    ...(day.limit === null ? [] : [`today ${day.used} of ${day.limit} (resets at ${day.resets_at})`]),
    ...(turn === null || turn.limit === null ? [] : [`this turn ${turn.used} of ${turn.limit}`]),
  ];
  return parts.length === 0 ? undefined : `token budget: ${parts.join(", ")}`;
}

async function askDirectory(context: CallContext, turnId: string | null): Promise<TokensUsed> {
  return await directoryOf(context).tokensUsed(turnId);
}

function against(used: number, limit: number | undefined): Used {
  return limit === undefined
    ? { used, limit: null, remaining: null }
    : { used, limit, remaining: Math.max(0, limit - used) };
}
