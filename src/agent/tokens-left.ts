// Asks the user's directory whether today's budget of tokens is spent, before a container is started for nothing. The model gateway
// holds the budgets: where the directory does not answer here, the turn goes on, and meets it there.
import type { Logger } from "../../container/lib/log.ts";
import { AppError } from "../errors.ts";
import { budgetMessage, type SpentBudget } from "../lib/token-budget.ts";

export interface BudgetSource {
  spentDay(): Promise<SpentBudget | null>;
}

/** Throws `budget_exceeded`. */
export async function assertTokensLeft(directory: BudgetSource, log: Logger): Promise<void> {
  const spent = await directory.spentDay().catch((error: unknown) => {
    log.warn("the token budget could not be asked for", { error });
    return null;
  });
  if (spent !== null) throw new AppError("budget_exceeded", budgetMessage(spent));
}
