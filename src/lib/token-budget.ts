// A budget of tokens that is used up: as data that passes through Codex's error text, and as words for people.

export interface SpentBudget {
  kind: "turn" | "day";
  limit: number;
  used: number;
  /** Unix time in ms; null where it never resets. */
  resets_at: number | null;
}

const COMPACT = /^(turn|day):(\d{1,15}):(\d{1,15}):(\d{12,14})?$/;
const SETTINGS = { turn: "MAX_TOKENS_PER_TURN", day: "MAX_TOKENS_PER_DAY" } as const;

/** `day:1000:1234:1795132800000`; safe inside any text. */
export function compactBudget({ kind, limit, used, resets_at }: SpentBudget): string {
  return [kind, limit, used, resets_at ?? ""].join(":");
}

/** What {@link compactBudget} wrote; undefined for anything else. */
export function readCompactBudget(text: string): SpentBudget | undefined {
  const [, kind, limit, used, resetsAt] = COMPACT.exec(text) ?? [];
  if (kind !== "turn" && kind !== "day") return undefined;
  return { kind, limit: Number(limit), used: Number(used), resets_at: resetsAt ? Number(resetsAt) : null };
}

/** Two sentences: what is used up, and what to do. */
export function budgetMessage({ kind, limit, used, resets_at }: SpentBudget): string {
  const spent = `${used} of ${limit} tokens are used (${SETTINGS[kind]}, requests at work by their estimated size)`;
  if (kind === "turn") {
    return `The token budget of this turn is spent: ${spent}. Split the task, or raise the setting; what was changed so far is in the workspace, and a new turn has a budget of its own.`;
  }
  const reset = resets_at === null ? "at midnight UTC" : `at ${new Date(resets_at).toISOString()}`;
  return `Your token budget of today is spent: ${spent}. It resets ${reset}; to go on before, the setting has to be raised.`;
}
