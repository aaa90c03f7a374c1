// Which model requests of a user the budgets of tokens still allow.
import type { SpentBudget } from "../lib/token-budget.ts";
import { DAY_MS, type SpentRequest, type SpentTokens } from "./spent-tokens.ts";

export interface TokenLimits {
  /** Undefined: no limit. */
  turn: number | undefined;
  day: number | undefined;
}

export interface TokensUsed {
  day: number;
  /** Unix time in ms. */
  day_resets_at: number;
  /** Null where no turn was asked for. */
  turn: number | null;
}

/** How long the next request of a turn waits for the number of the one before, which is on its way. */
const SETTLE_MS = 250;

export class TokenBudget {
  readonly #spent: SpentTokens;
  readonly #limits: () => TokenLimits;
  readonly #now: () => number;
  /** The newest request of each turn that has not told its number yet. */
  readonly #open = new Map<string, { id: string; counted: PromiseWithResolvers<void> }>();

  constructor(spent: SpentTokens, limits: () => TokenLimits, now: () => number = Date.now) {
    this.#spent = spent;
    this.#limits = limits;
    this.#now = now;
  }

  /** Null where the request may go out: from then on it counts as `tokens`, until {@link count} is told better. */
  async admit(request: SpentRequest): Promise<SpentBudget | null> {
    const { turn, day } = this.#limits();
    if (turn === undefined && day === undefined) return null;
    const { id, turn_id } = request;
    if (turn_id !== null) await this.#countedBefore(turn_id);
    const spent = this.spentDay() ?? this.#spentTurn(turn_id);
    if (spent !== null) return spent;
    this.#spent.put(request, this.#now());
    if (turn_id !== null) this.#open.set(turn_id, { id, counted: Promise.withResolvers() });
    return null;
  }

  /** What a request has used in the end. May be told again. */
  count(request: SpentRequest): void {
    this.#spent.put(request, this.#now());
    const open = request.turn_id === null ? undefined : this.#open.get(request.turn_id);
    if (request.turn_id === null || open?.id !== request.id) return;
    this.#open.delete(request.turn_id);
    open.counted.resolve();
  }

  /** Null while there is something left of it. */
  spentDay(): SpentBudget | null {
    const { day: limit } = this.#limits();
    const { day: used, day_resets_at: resets_at } = this.used(null);
    return limit === undefined || used < limit ? null : { kind: "day", limit, used, resets_at };
  }

  used(turnId: string | null): TokensUsed {
    const now = this.#now();
    return {
      day: this.#spent.onDayOf(now),
      day_resets_at: (Math.floor(now / DAY_MS) + 1) * DAY_MS,
      turn: turnId === null ? null : this.#spent.inTurn(turnId),
    };
  }

  #spentTurn(turnId: string | null): SpentBudget | null {
    const { turn: limit } = this.#limits();
    if (turnId === null || limit === undefined) return null;
    const used = this.#spent.inTurn(turnId);
    return used < limit ? null : { kind: "turn", limit, used, resets_at: null };
  }

  /** Codex may send its next request before the number of the last one has come here. One that never comes is not waited for twice. */
  async #countedBefore(turnId: string): Promise<void> {
    const open = this.#open.get(turnId);
    if (open === undefined) return;
    const timer = setTimeout(open.counted.resolve, SETTLE_MS);
    await open.counted.promise;
    clearTimeout(timer);
    if (this.#open.get(turnId) === open) this.#open.delete(turnId);
  }
}
